"""Calls to addresses given by users: to the public internet only."""
