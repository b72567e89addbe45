"""Documents: what is found in them, and how quickly they are read, stored and searched."""
