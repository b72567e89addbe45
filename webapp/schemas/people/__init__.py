"""Accounts, sessions, keys, workspaces and their members."""
