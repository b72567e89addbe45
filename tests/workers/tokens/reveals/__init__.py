"""Workers that reveal tokens, on a real node."""
