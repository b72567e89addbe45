"""How fast and with how much memory extracted tables are exported."""
