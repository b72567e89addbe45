-- name: read :many
-- What a user has set for themselves, and the name of the workspace.
SELECT users.id::text AS at,
       jsonb_build_object(
         'workspace', workspace.name,
         'is_reminded_by_mail', users.is_reminded_by_mail
       )::text AS line
  FROM users
  JOIN workspaces AS workspace
    ON workspace.id = %(workspace_id)s
 WHERE users.id = %(user_id)s
   AND users.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 LIMIT %(limit)s;

-- name: add :exec
-- Sets again what a user had set. The name of a workspace stays.
UPDATE users
   SET is_reminded_by_mail = (line ->> 'is_reminded_by_mail')::boolean
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 WHERE users.id = %(user_id)s;
