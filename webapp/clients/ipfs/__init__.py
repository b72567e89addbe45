"""Storing files in IPFS, where the address of a file is a hash of its bytes."""
