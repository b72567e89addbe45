-- name: note :maybe
-- Notes that something was the case, at most once in so long; no row if that was noted lately.
INSERT INTO system_state AS noted (key, value)
VALUES (%(key)s, %(value)s)
ON CONFLICT ON CONSTRAINT system_state_pkey
DO UPDATE
      SET value = EXCLUDED.value,
          updated_at = now()
    WHERE noted.updated_at < now() - %(every)s::interval
RETURNING key;
