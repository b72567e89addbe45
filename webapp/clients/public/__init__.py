"""Calls to addresses that users name: to the public internet, and nowhere else."""
