"""Imported files, parsed into rows: bookmarks, and JSON lines as exported.

This package knows neither the web nor the database: it runs in a restricted child process.
"""
