"""What workers that read the chain, or write to it, have in common."""
