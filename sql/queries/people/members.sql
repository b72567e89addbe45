-- name: list_of_workspace :many
-- The members of a workspace, in id order.
SELECT member.user_id AS id,
       users.handle,
       users.name,
       users.email,
       member.role,
       member.created_at AS joined_at
  FROM members AS member
  JOIN users
    ON users.id = member.user_id
   AND users.service_of IS NULL
 WHERE member.workspace_id = %(workspace_id)s
   AND member.user_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY member.user_id
 LIMIT %(limit)s;

-- name: list_owners :many
-- The owners of a workspace who are enabled.
SELECT users.id,
       users.email
  FROM members AS member
  JOIN users
    ON users.id = member.user_id
   AND users.disabled_at IS NULL
 WHERE member.workspace_id = %(workspace_id)s
   AND member.role = 'owner'
 ORDER BY users.id;

-- name: change_role :one
-- Changes a member's role. The database refuses to remove the last owner.
UPDATE members
   SET role = %(role)s
  FROM users
 WHERE members.workspace_id = %(workspace_id)s
   AND members.user_id = %(user_id)s
   AND users.id = members.user_id
   AND users.service_of IS NULL
RETURNING users.id,
          users.handle,
          users.name,
          users.email,
          members.role,
          members.created_at AS joined_at;

-- name: remove :one
-- Removes a member and their keys. The database refuses to remove the last owner.
DELETE FROM members
 USING users
 WHERE members.workspace_id = %(workspace_id)s
   AND members.user_id = %(user_id)s
   AND users.id = members.user_id
   AND users.service_of IS NULL
RETURNING members.user_id AS id, members.role;

-- name: join :exec
-- Makes a user a member; 0 if they already are one.
INSERT INTO members (workspace_id, user_id, role)
VALUES (%(workspace_id)s, %(user_id)s, %(role)s)
ON CONFLICT ON CONSTRAINT members_pkey
DO NOTHING;
