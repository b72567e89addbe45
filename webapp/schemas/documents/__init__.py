"""Documents: files that are stored, read, classified, found and shared."""
