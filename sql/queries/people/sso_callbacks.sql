-- name: record :exec
-- A log-in came back from its provider; 0 where it did so before, or does at the same moment.
INSERT INTO sso_callbacks (state_hash, expires_at)
VALUES (%(state_hash)s, now() + %(remembered)s)
ON CONFLICT ON CONSTRAINT sso_callbacks_pkey
DO NOTHING;

-- name: expire :exec
-- Removes those that no browser remembers any more.
WITH past AS MATERIALIZED (
  SELECT state_hash
    FROM sso_callbacks
   WHERE expires_at < now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM sso_callbacks
 USING past
 WHERE sso_callbacks.state_hash = past.state_hash;
