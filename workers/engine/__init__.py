"""The engine: what claims rows, has the work done, and writes how it ended."""
