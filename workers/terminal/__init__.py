"""What the commands at the terminal share."""
