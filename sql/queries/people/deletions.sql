-- name: schedule_of_workspace :maybe
-- Closes a workspace and schedules its deletion; no row if it is personal, or closed already.
WITH closed AS (
  UPDATE workspaces
     SET deletion_id = %(id)s
   WHERE id = %(workspace_id)s
     AND personal_of IS NULL
     AND deletion_id IS NULL
  RETURNING id, name
)
INSERT INTO deletions (id, workspace_id, asked_by, name, due_at)
SELECT %(id)s, id, %(asked_by)s, name, now() + %(grace)s
  FROM closed
RETURNING id,
          workspace_id,
          user_id IS NOT NULL AS is_of_account,
          name,
          status,
          removed,
          due_at,
          created_at,
          updated_at;

-- name: hold_owned :many
-- Locks the shared workspaces that a user owns, so that no other owner leaves meanwhile.
SELECT workspace.id
  FROM members AS member
  JOIN workspaces AS workspace
    ON workspace.id = member.workspace_id
   AND workspace.personal_of IS NULL
   AND workspace.deletion_id IS NULL
 WHERE member.user_id = %(user_id)s
   AND member.role = 'owner'
 ORDER BY workspace.id
   FOR NO KEY UPDATE OF workspace;

-- name: list_left_without_owner :many
-- The open workspaces with other members that would have no owner without this user.
SELECT workspace.id,
       workspace.name
  FROM members AS member
  JOIN workspaces AS workspace
    ON workspace.id = member.workspace_id
   AND workspace.deletion_id IS NULL
 WHERE member.user_id = %(user_id)s
   AND member.role = 'owner'
   AND EXISTS (
         SELECT FROM members AS other
           JOIN users
             ON users.id = other.user_id
            AND users.service_of IS NULL
          WHERE other.workspace_id = member.workspace_id
            AND other.user_id <> member.user_id
       )
   AND NOT EXISTS (
         SELECT FROM members AS other
           JOIN users
             ON users.id = other.user_id
            AND users.disabled_at IS NULL
          WHERE other.workspace_id = member.workspace_id
            AND other.user_id <> member.user_id
            AND other.role = 'owner'
       )
 ORDER BY workspace.id
 LIMIT 100;

-- name: schedule_of_account :one
-- Closes a user's personal workspace and those that have no other member, and schedules their deletion
-- and that of the account.
WITH closed AS (
  UPDATE workspaces
     SET deletion_id = %(id)s
   WHERE id IN (
           SELECT member.workspace_id
             FROM members AS member
            WHERE member.user_id = %(user_id)s
              AND NOT EXISTS (
                    SELECT FROM members AS other
                      JOIN users
                        ON users.id = other.user_id
                       AND users.service_of IS NULL
                     WHERE other.workspace_id = member.workspace_id
                       AND other.user_id <> member.user_id
                  )
         )
     AND deletion_id IS NULL
  RETURNING id, name, personal_of
)
INSERT INTO deletions (id, workspace_id, user_id, asked_by, name, token_hash, due_at)
SELECT %(id)s, id, personal_of, personal_of, name, %(token_hash)s, now() + %(grace)s
  FROM closed
 WHERE personal_of = %(user_id)s
RETURNING id,
          workspace_id,
          user_id IS NOT NULL AS is_of_account,
          name,
          status,
          removed,
          due_at,
          created_at,
          updated_at;

-- name: put_off :exec
-- Lets the work on a deletion that was just scheduled wait until it is due.
UPDATE outbox
   SET run_after = deletion.due_at
  FROM deletions AS deletion
 WHERE outbox.kind = 'run_deletions'
   AND outbox.subject_id = deletion.id
   AND deletion.id = %(id)s;

-- name: list_of_user :many
-- The deletions that a user asked for, and those of workspaces that they own, newest first.
SELECT deletion.id,
       deletion.workspace_id,
       deletion.user_id IS NOT NULL AS is_of_account,
       deletion.name,
       deletion.status,
       deletion.removed,
       deletion.due_at,
       deletion.created_at,
       deletion.updated_at
  FROM deletions AS deletion
 WHERE deletion.id IN (
         SELECT id
           FROM deletions
          WHERE asked_by = %(user_id)s
          UNION
         SELECT of_workspace.id
           FROM members AS member
           JOIN deletions AS of_workspace
             ON of_workspace.workspace_id = member.workspace_id
          WHERE member.user_id = %(user_id)s
            AND member.role = 'owner'
       )
   AND deletion.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY deletion.id DESC
 LIMIT %(limit)s;

-- name: get :one
-- A deletion that a user asked for, or of a workspace that they own.
SELECT deletion.id,
       deletion.workspace_id,
       deletion.user_id IS NOT NULL AS is_of_account,
       deletion.name,
       deletion.status,
       deletion.removed,
       deletion.due_at,
       deletion.created_at,
       deletion.updated_at
  FROM deletions AS deletion
 WHERE deletion.id = %(id)s
   AND (
         deletion.asked_by = %(user_id)s
         OR EXISTS (
              SELECT FROM members AS member
               WHERE member.workspace_id = deletion.workspace_id
                 AND member.user_id = %(user_id)s
                 AND member.role = 'owner'
            )
       );

-- name: cancel :one
-- Cancels the deletion of a workspace that a user owns; the database refuses it once it has begun.
UPDATE deletions AS deletion
   SET status = next_status('deletion', deletion.status, 'cancel'),
       updated_at = now()
 WHERE deletion.id = %(id)s
   AND deletion.user_id IS NULL
   AND EXISTS (
         SELECT FROM members AS member
          WHERE member.workspace_id = deletion.workspace_id
            AND member.user_id = %(user_id)s
            AND member.role = 'owner'
       )
RETURNING deletion.id,
          deletion.workspace_id,
          false AS is_of_account,
          deletion.name,
          deletion.status,
          deletion.removed,
          deletion.due_at,
          deletion.created_at,
          deletion.updated_at;

-- name: keep_account :maybe
-- Enables the user of a token again, which cancels the deletion of the account; no row if the token is
-- unknown, or it is too late.
UPDATE users
   SET disabled_at = NULL
  FROM deletions AS deletion
 WHERE deletion.token_hash = %(token_hash)s
   AND deletion.status = 'scheduled'
   AND users.id = deletion.user_id
   AND users.disabled_at IS NOT NULL
RETURNING users.id;

-- name: begin :maybe
-- Begins a deletion that is due, and says how long another one has to wait; no row if it was cancelled.
-- It may have begun before.
WITH due AS (
  UPDATE deletions
     SET status = 'running',
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'scheduled'
     AND due_at <= now()
)
SELECT greatest(due_at - now(), interval '0') AS wait
  FROM deletions
 WHERE id = %(id)s
   AND status IN ('scheduled', 'running');

-- name: remove_batch :value
-- Does a batch of a deletion: `more`, `waiting` or `done`.
SELECT continue_deletion(%(id)s, %(limit)s);

-- name: summary :one
-- What a deletion has removed.
SELECT workspace_id,
       user_id,
       removed
  FROM deletions
 WHERE id = %(id)s;
