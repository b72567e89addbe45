-- name: create :one
-- A new workspace, owned by its creator.
WITH workspace AS (
  INSERT INTO workspaces (name)
  VALUES (%(name)s)
  RETURNING id, name, created_at
),
member AS (
  INSERT INTO members (workspace_id, user_id, role)
  SELECT id, %(user_id)s, 'owner'
    FROM workspace
)
SELECT id,
       name,
       false AS is_personal,
       'owner' AS role,
       created_at
  FROM workspace;

-- name: list_of_user :many
-- The workspaces that a user is a member of, in id order.
SELECT workspace.id,
       workspace.name,
       workspace.personal_of IS NOT NULL AS is_personal,
       member.role,
       workspace.created_at
  FROM members AS member
  JOIN workspaces AS workspace
    ON workspace.id = member.workspace_id
   AND workspace.deletion_id IS NULL
 WHERE member.user_id = %(user_id)s
   AND member.workspace_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY member.workspace_id
 LIMIT %(limit)s;

-- name: get :one
-- A workspace as seen by a member.
SELECT workspace.id,
       workspace.name,
       workspace.personal_of IS NOT NULL AS is_personal,
       member.role,
       workspace.created_at
  FROM workspaces AS workspace
  JOIN members AS member
    ON member.workspace_id = workspace.id
   AND member.user_id = %(user_id)s
 WHERE workspace.id = %(id)s;

-- name: rename :exec
-- Renames a workspace.
UPDATE workspaces
   SET name = %(name)s
 WHERE id = %(id)s;
