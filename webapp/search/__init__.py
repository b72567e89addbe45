"""Search: what a query says, what it is in the database's terms, and what it finds."""
