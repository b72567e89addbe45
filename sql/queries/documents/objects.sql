-- name: reserve :one
-- Reserves an object that is about to be written, and charges it to a user, or for a service to an owner. The database refuses it if
-- it does not fit the user's quota.
WITH payer AS MATERIALIZED (
  SELECT payer_of(%(user_id)s, %(workspace_id)s) AS user_id
),
allowance AS (
  INSERT INTO quotas AS standing (user_id, default_bytes)
  SELECT user_id, %(default_bytes)s
    FROM payer
  ON CONFLICT ON CONSTRAINT quotas_pkey
  DO UPDATE
        SET default_bytes = EXCLUDED.default_bytes
      WHERE standing.default_bytes <> EXCLUDED.default_bytes
)
INSERT INTO objects (workspace_id, user_id, key, bytes, is_charged, expires_at)
SELECT %(workspace_id)s,
       user_id,
       object_key(user_id, %(document_id)s, %(ending)s),
       %(bytes)s,
       %(is_charged)s,
       now() + %(time)s::interval
  FROM payer
RETURNING id, key;

-- name: reserve_without_waiting :exec
-- Lets the open transaction commit before it is on the disk. A power cut may take the reservation away,
-- but not once a later transaction, the document's, has been committed: what is left then is a file
-- that nobody uses, which is swept as any other.
SELECT set_config('synchronous_commit', 'off', TRUE);

-- name: keep_reserved :exec
-- Lets an object be written for longer, since its file is still arriving.
UPDATE objects
   SET expires_at = now() + %(time)s::interval
 WHERE id = %(id)s
   AND status = 'writing';

-- name: store :one
-- Saves that an object is in the store; no row if it was doomed meanwhile.
UPDATE objects
   SET status = 'stored',
       bytes = %(bytes)s,
       sha256 = %(sha256)s
 WHERE id = %(id)s
   AND status = 'writing'
RETURNING id;

-- name: doom :exec
-- Marks an object as unwanted; a worker deletes its bytes.
UPDATE objects
   SET status = 'doomed'
 WHERE id = %(id)s
   AND status <> 'doomed';

-- name: load_doomed :many
-- The keys of doomed objects.
SELECT id, key
  FROM objects
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'doomed';

-- name: remove :exec
-- Removes a doomed object whose bytes were deleted.
DELETE FROM objects
 WHERE id = %(id)s
   AND status = 'doomed';

-- name: give_up :exec
-- Dooms a batch of objects whose upload never finished.
WITH past AS MATERIALIZED (
  SELECT id
    FROM objects
   WHERE status = 'writing'
     AND expires_at <= now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE objects
   SET status = 'doomed'
  FROM past
 WHERE objects.id = past.id;

-- name: quota :one
-- How much a user has stored, and may store.
SELECT coalesce(max(used_bytes), 0) AS used_bytes,
       coalesce(max(limit_bytes), %(default_bytes)s::bigint) AS limit_bytes
  FROM quotas
 WHERE user_id = %(user_id)s;

-- name: after :many
-- Objects in key order, after a key.
SELECT key,
       status,
       bytes,
       created_at < %(settled_before)s AS is_settled
  FROM objects
 WHERE key > %(after)s
 ORDER BY key
 LIMIT %(limit)s;

-- name: counted_quotas :many
-- The used bytes of a batch of users, by user, and the sum of their objects.
SELECT quotas.user_id,
       quotas.used_bytes,
       counted.bytes AS counted_bytes
  FROM (
         SELECT user_id,
                used_bytes
           FROM quotas
          WHERE user_id > %(after)s
          ORDER BY user_id
          LIMIT %(limit)s
       ) AS quotas
 CROSS JOIN LATERAL (
         SELECT coalesce(sum(objects.bytes), 0)::bigint AS bytes
           FROM objects
          WHERE objects.user_id = quotas.user_id
            AND objects.status <> 'doomed'
            AND objects.is_charged
       ) AS counted
 ORDER BY quotas.user_id;

-- name: recount :exec
-- Corrects a user's used bytes by the difference, so that concurrent charges are kept.
UPDATE quotas
   SET used_bytes = used_bytes + (%(counted_bytes)s::bigint - %(used_bytes)s::bigint)
 WHERE user_id = %(user_id)s;
