"""What comes in, validated; and what goes out, documented. One file a noun."""
