-- name: hold_workspace :one
-- Locks a workspace, so that its service keys are made one after the other, and counts those it has.
WITH held AS (
  SELECT id
    FROM workspaces
   WHERE id = %(workspace_id)s
     FOR NO KEY UPDATE
)
SELECT (
         SELECT count(*)
           FROM users
           JOIN api_keys AS key
             ON key.user_id = users.id
          WHERE users.service_of = held.id
       ) AS keys
  FROM held;

-- name: grantable :value
-- What a service may be allowed to do at most: what members may.
SELECT array_agg(permission)
  FROM role_permissions
 WHERE role = 'member';

-- name: create :one
-- A new service with its key; nobody but the caller knows the secret.
WITH service AS (
  INSERT INTO users (handle, name, service_of)
  VALUES (%(handle)s, %(name)s, %(workspace_id)s)
  RETURNING id, name, service_of
),
member AS (
  INSERT INTO members (workspace_id, user_id, role)
  SELECT service_of, id, 'member'
    FROM service
),
key AS (
  INSERT INTO api_keys (user_id, workspace_id, name, prefix, secret_hash, scopes, expires_at)
  SELECT id,
         service_of,
         name,
         %(prefix)s,
         %(secret_hash)s,
         %(scopes)s,
         %(expires_at)s
    FROM service
  RETURNING user_id, name, prefix, scopes, created_at, expires_at
)
SELECT user_id AS id,
       name,
       prefix,
       scopes,
       created_at,
       expires_at,
       NULL::timestamptz AS last_used_at,
       NULL::text AS last_used_address
  FROM key;

-- name: list_of_workspace :many
-- A workspace's service keys, newest first.
SELECT users.id,
       key.name,
       key.prefix,
       key.scopes,
       key.created_at,
       key.expires_at,
       key.last_used_at,
       host(key.last_used_address) AS last_used_address
  FROM users
  JOIN api_keys AS key
    ON key.user_id = users.id
 WHERE users.service_of = %(workspace_id)s
   AND users.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY users.id DESC
 LIMIT %(limit)s;

-- name: revoke :one
-- Ends a service and its key; what it made stays.
WITH ended AS (
  DELETE FROM members
   USING users
   WHERE members.workspace_id = %(workspace_id)s
     AND members.user_id = %(id)s
     AND users.id = members.user_id
     AND users.service_of = members.workspace_id
  RETURNING users.id, users.name
)
UPDATE users
   SET disabled_at = now()
  FROM ended
 WHERE users.id = ended.id
RETURNING users.name;
