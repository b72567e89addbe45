"""Rules of the things that are kept. They know neither HTTP nor the database."""
