-- name: find_by_handle :maybe
-- A user and their personal workspace.
SELECT u.id,
       w.id AS workspace_id
  FROM users AS u
  JOIN workspaces AS w
    ON w.owner_id = u.id
   AND w.is_personal
 WHERE u.handle = %(handle)s;

-- name: create :exec
-- A new user with their personal workspace; nothing where the handle is taken, also by somebody who
-- took it a moment ago.
WITH new_user AS (
  INSERT INTO users (handle)
  VALUES (%(handle)s)
  ON CONFLICT ON CONSTRAINT users_handle_is_unique
  DO NOTHING
  RETURNING id, handle
)
INSERT INTO workspaces (owner_id, name, is_personal)
SELECT id, handle, true
  FROM new_user;
