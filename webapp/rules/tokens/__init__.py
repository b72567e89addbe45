"""Rules of tokens and their authors."""
