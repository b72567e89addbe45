"""Parses input from strangers, in restricted child processes. Knows neither Flask nor the
database."""
