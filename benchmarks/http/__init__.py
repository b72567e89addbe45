"""Coffer's web compared with a peer that does the same work, and with what is possible at all."""
