"""Requests and responses of tokens."""
