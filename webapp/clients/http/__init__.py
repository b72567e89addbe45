"""What every outgoing call shares: one allowance, one way to connect, one HTTP client."""
