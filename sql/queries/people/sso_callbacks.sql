-- name: record :exec
-- Records that a log-in came back from its provider; 0 if it already did, or does at the same time.
INSERT INTO sso_callbacks (state_hash, expires_at)
VALUES (%(state_hash)s, now() + %(remembered)s)
ON CONFLICT ON CONSTRAINT sso_callbacks_pkey
DO NOTHING;

-- name: expire :exec
-- Removes those that no browser's cookie is valid for any more.
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
