"""The peer: FastAPI and SQLAlchemy on Coffer's schema, as their documentation would have it.

It runs in an environment of its own and imports nothing of Coffer's.
"""
