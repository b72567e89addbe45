"""Coffer's engine and its peers: each in its own process, on the same server, round by round."""
