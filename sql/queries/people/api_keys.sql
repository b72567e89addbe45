-- name: create :one
-- A new key; only its owner knows its secret.
INSERT INTO api_keys (user_id, workspace_id, name, prefix, secret_hash, scopes, expires_at)
VALUES (
  %(user_id)s,
  %(workspace_id)s,
  %(name)s,
  %(prefix)s,
  %(secret_hash)s,
  %(scopes)s,
  %(expires_at)s
)
RETURNING id,
          name,
          prefix,
          workspace_id,
          scopes,
          created_at,
          expires_at,
          last_used_at,
          host(last_used_address) AS last_used_address;

-- name: list_of_user :many
-- A user's keys, newest first.
SELECT id,
       name,
       prefix,
       workspace_id,
       scopes,
       created_at,
       expires_at,
       last_used_at,
       host(last_used_address) AS last_used_address
  FROM api_keys
 WHERE user_id = %(user_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: revoke :one
-- Removes a key.
DELETE FROM api_keys
 WHERE id = %(id)s
   AND user_id = %(user_id)s
RETURNING workspace_id, name, prefix;

-- name: revoke_all :exec
-- Removes every key of a user; returns how many.
DELETE FROM api_keys
 WHERE user_id = %(user_id)s;

-- name: count_of_user :value
-- How many keys of a user are valid.
SELECT count(*)
  FROM api_keys
 WHERE user_id = %(user_id)s
   AND expires_at > now();

-- name: note_use :exec
-- Records when and from where a key was last used, at most once a minute.
UPDATE api_keys
   SET last_used_at = now(),
       last_used_address = %(address)s
 WHERE id = %(id)s
   AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute');
