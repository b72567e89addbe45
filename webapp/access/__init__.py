"""Callers and their permissions, limits, cookies, the audit log."""
