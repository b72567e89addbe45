"""Archives of everything that a member has in a workspace: written, read, and put back elsewhere.

Each noun has a part of its own in `parts/`, which says how its rows are read and added. Nothing
else has to be changed for a new one.
"""
