"""Reads documents of every kind: what a file is, its text by pages, its metadata and pictures.

What parses runs only in limited children of the fork server; `detection` alone may run elsewhere.
"""
