"""Search by meaning: what it finds, and how long it takes."""
