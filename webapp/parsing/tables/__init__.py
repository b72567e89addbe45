"""Finds the tables of documents of every kind: their cells, with the place of each.

`table` has what is found, which may be imported anywhere. Everything else only runs in restricted
children, as `webapp.parsing.documents` does; `Readers.tables` calls it.
"""
