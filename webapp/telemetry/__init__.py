"""What operators see: logs and traces."""
