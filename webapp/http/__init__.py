"""The basics of requests and responses: errors, the database, request ids."""
