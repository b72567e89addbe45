"""How the embedded provider reads a note: its words, sentences, language and key phrases.

Pure functions over strings. They know nothing about the network, Flask or the database, and accept
every `str` that Python can hold, including lone surrogates and NULs.
"""
