"""A node of an Ethereum chain, and the contract of a collection.

`node.py` speaks JSON-RPC, `abi.py` knows the contract's functions, events and errors. Neither
handles keys or signatures.
"""
