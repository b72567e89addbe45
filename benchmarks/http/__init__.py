"""Coffer's web beside a peer that does the same work, and beside what is possible at all."""
