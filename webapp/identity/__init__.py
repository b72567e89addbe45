"""Who somebody is: keys, passwords, tokens. Without HTTP and without the database."""
