"""Whole stories on a machine of one's own, told in plain words: `make tokens-demo`."""
