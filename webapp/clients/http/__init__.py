"""What every call outside shares: one allowance, one way to connect, one way over HTTP."""
