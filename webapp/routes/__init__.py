"""What every route has: permissions, idempotency, ETags, headers, the description."""
