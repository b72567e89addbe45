"""Reads what strangers made, in limited child processes. Knows neither Flask nor the database."""
