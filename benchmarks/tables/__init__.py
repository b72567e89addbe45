"""How well, how fast and with how much memory tables are found."""
