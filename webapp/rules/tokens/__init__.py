"""Rules of tokens, their mints and their authors."""
