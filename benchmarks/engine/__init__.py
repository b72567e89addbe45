"""Coffer's engine beside its peers: each in a process of its own, on one server, round by round."""
