-- name: claim :exec
-- Claims a key that is new or has expired: 1, or 0 if it is in use. Waits for a transaction that is
-- claiming it.
INSERT INTO idempotency_keys AS kept (user_id, workspace_id, key, request_hash)
VALUES (%(user_id)s, %(workspace_id)s, %(key)s, %(request_hash)s)
ON CONFLICT ON CONSTRAINT idempotency_keys_pkey
DO UPDATE
      SET request_hash = EXCLUDED.request_hash,
          expires_at = EXCLUDED.expires_at,
          status = NULL,
          location = NULL,
          body = NULL
    WHERE kept.expires_at <= now();

-- name: keep :exec
-- Stores the response of the request that claimed the key.
UPDATE idempotency_keys
   SET status = %(status)s,
       location = %(location)s,
       body = %(body)s
 WHERE user_id = %(user_id)s
   AND workspace_id = %(workspace_id)s
   AND key = %(key)s;

-- name: get :one
-- The stored response of a key.
SELECT request_hash,
       status,
       location,
       body
  FROM idempotency_keys
 WHERE user_id = %(user_id)s
   AND workspace_id = %(workspace_id)s
   AND key = %(key)s;

-- name: expire :exec
-- Removes a batch of expired keys, oldest first.
WITH past AS MATERIALIZED (
  SELECT user_id, workspace_id, key
    FROM idempotency_keys
   WHERE expires_at <= now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM idempotency_keys
 USING past
 WHERE idempotency_keys.user_id = past.user_id
   AND idempotency_keys.workspace_id = past.workspace_id
   AND idempotency_keys.key = past.key;
