"""The outside world, a folder a system. Nothing here knows Flask or the database."""
