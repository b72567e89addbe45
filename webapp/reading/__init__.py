"""How the embedded provider reads a note: its words, sentences, language and key phrases.

Pure functions over strings. They know nothing of the network, of Flask or of the database, and
accept every `str` Python can hold, lone surrogates and NULs included.
"""
