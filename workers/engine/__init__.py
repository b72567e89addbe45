"""The engine: claims rows, has the work done, and writes the result."""
