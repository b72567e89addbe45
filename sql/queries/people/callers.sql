-- name: of_session :maybe
-- The caller with an access token, and whether they may do what they request, in the workspace they
-- name or else in their own; no row if the session has ended or its user is disabled. No workspace
-- if they are not a member of the one they name, or it is being deleted.
SELECT session.user_id,
       session.id AS session_id,
       session.created_at AS signed_in_at,
       member.workspace_id,
       EXISTS (
         SELECT FROM role_permissions AS granted
          WHERE granted.permission = %(permission)s
            AND granted.role IN ('user', member.role, CASE WHEN users.is_admin THEN 'admin' END)
       ) AS is_permitted
  FROM sessions AS session
  JOIN users
    ON users.id = session.user_id
   AND users.disabled_at IS NULL
  LEFT JOIN members AS member
    ON member.user_id = session.user_id
   AND member.workspace_id = coalesce(%(workspace_id)s, session.workspace_id)
   AND NOT EXISTS (
         SELECT FROM workspaces AS closed
          WHERE closed.id = member.workspace_id
            AND closed.deletion_id IS NOT NULL
       )
 WHERE session.id = %(session_id)s
   AND session.status = 'active'
   AND session.expires_at > now();

-- name: of_api_key :maybe
-- The caller with an API key, and whether they and the key may do what they request; no row if the
-- key is unknown or expired, or its user disabled. No workspace if they name another one than the
-- key's.
SELECT key.user_id,
       key.id AS api_key_id,
       users.service_of IS NOT NULL AS is_service,
       member.workspace_id,
       key.last_used_at IS NULL
         OR key.last_used_at < now() - interval '1 minute' AS is_to_be_noted,
       %(permission)s = ANY (key.scopes)
         AND EXISTS (
               SELECT FROM role_permissions AS granted
                WHERE granted.permission = %(permission)s
                  AND granted.role IN (
                        member.role,
                        CASE WHEN users.service_of IS NULL THEN 'user' END,
                        CASE WHEN users.is_admin THEN 'admin' END
                      )
             ) AS is_permitted
  FROM api_keys AS key
  JOIN users
    ON users.id = key.user_id
   AND users.disabled_at IS NULL
  LEFT JOIN members AS member
    ON member.user_id = key.user_id
   AND member.workspace_id = key.workspace_id
   AND member.workspace_id = coalesce(%(workspace_id)s, key.workspace_id)
   AND NOT EXISTS (
         SELECT FROM workspaces AS closed
          WHERE closed.id = member.workspace_id
            AND closed.deletion_id IS NOT NULL
       )
 WHERE key.secret_hash = %(secret_hash)s
   AND key.expires_at > now();

-- name: of_handle :maybe
-- The caller with the development header, and whether they may do what they request. Each request
-- signs in again.
SELECT users.id AS user_id,
       users.disabled_at IS NOT NULL AS is_disabled,
       now() AS signed_in_at,
       member.workspace_id,
       EXISTS (
         SELECT FROM role_permissions AS granted
          WHERE granted.permission = %(permission)s
            AND granted.role IN ('user', member.role, CASE WHEN users.is_admin THEN 'admin' END)
       ) AS is_permitted
  FROM users
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
  LEFT JOIN members AS member
    ON member.user_id = users.id
   AND member.workspace_id = coalesce(%(workspace_id)s, personal.id)
   AND NOT EXISTS (
         SELECT FROM workspaces AS closed
          WHERE closed.id = member.workspace_id
            AND closed.deletion_id IS NOT NULL
       )
 WHERE users.handle = %(handle)s;

-- name: list_permissions :value
-- Everything that a user may do in a workspace, and outside workspaces.
SELECT array_agg(DISTINCT granted.permission ORDER BY granted.permission)
  FROM users
  LEFT JOIN members AS member
    ON member.user_id = users.id
   AND member.workspace_id = %(workspace_id)s
  JOIN role_permissions AS granted
    ON granted.role IN ('user', member.role, CASE WHEN users.is_admin THEN 'admin' END)
 WHERE users.id = %(user_id)s;
