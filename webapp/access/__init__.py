"""Who calls, and how much they may: callers, limits, cookies, the audit log."""
