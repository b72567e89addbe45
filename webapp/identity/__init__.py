"""Keys, passwords and tokens. Without HTTP and without the database."""
