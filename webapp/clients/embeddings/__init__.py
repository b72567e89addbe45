"""Embeddings: from texts to vectors that are near each other where the texts mean the same."""
