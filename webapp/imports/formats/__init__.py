"""The formats of imported files, one in each module: see `webapp.imports.format`."""
