"""Accounts, sessions, keys, workspaces and who may enter them."""
