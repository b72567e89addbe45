"""Reads documents of every kind: a file's type, its text by pages, its metadata and pictures.

Parsers only run in restricted children of the fork server; only `detection` may run elsewhere.
"""
