"""The peer: FastAPI and SQLAlchemy on Coffer's schema, as their documentation recommends.

It runs in its own environment and imports nothing from Coffer.
"""
