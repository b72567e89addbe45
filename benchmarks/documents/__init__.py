"""Documents: what is found in them, how quickly they are read, stored and searched."""
