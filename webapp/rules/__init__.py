"""Domain rules. They know neither HTTP nor the database."""
