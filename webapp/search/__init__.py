"""Search: parsing a query, translating it for the database, and finding matches."""
