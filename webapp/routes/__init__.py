"""What stands on every route: permissions, idempotency, ETags, headers, the description."""
