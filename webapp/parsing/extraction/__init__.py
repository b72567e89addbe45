"""Makes typed tables and fields of what was found in a document, as a configuration says.

All of it is for limited children: a configuration has patterns of its author, which may run for
ever, and a document millions of cells. `Readers.extract` calls it; `applying` says in which order.
"""
