"""Schemas of requests, validated, and of responses, documented. One file per noun."""
