-- name: clear :exec
-- Makes room for another invitation to an address.
DELETE FROM invitations
 WHERE workspace_id = %(workspace_id)s
   AND fold(email) = fold(%(email)s);

-- name: create :maybe
-- Invites an address to a workspace, and enqueues the mail; no row if the workspace is a personal
-- one. The mail waits its turn with the workspace's other work.
WITH invitation AS (
  INSERT INTO invitations
    (id, workspace_id, email, role, token_hash, invited_by, expires_at)
  SELECT %(id)s,
         id,
         %(email)s,
         %(role)s,
         %(token_hash)s,
         %(invited_by)s,
         now() + %(lifetime)s
    FROM workspaces
   WHERE id = %(workspace_id)s
     AND personal_of IS NULL
  RETURNING id, workspace_id, email, role, invited_by, created_at, expires_at
),
mail AS (
  INSERT INTO mails (workspace_id, template, recipient, about)
  SELECT workspace_id, 'invitation', email, id
    FROM invitation
  RETURNING id, about
)
SELECT invitation.id,
       invitation.email,
       invitation.role,
       invitation.invited_by,
       invitation.created_at,
       invitation.expires_at,
       mail.id AS mail_id
  FROM invitation
  JOIN mail
    ON mail.about = invitation.id;

-- name: list_of_workspace :many
-- A workspace's pending invitations, newest first.
SELECT id,
       email,
       role,
       invited_by,
       created_at,
       expires_at
  FROM invitations
 WHERE workspace_id = %(workspace_id)s
   AND expires_at > now()
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: withdraw :one
-- Withdraws an invitation.
DELETE FROM invitations
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING email;

-- name: withdraw_all :exec
-- Withdraws all invitations of a user; returns how many.
DELETE FROM invitations
 WHERE invited_by = %(invited_by)s;

-- name: accept :maybe
-- Uses up an invitation; no row if the token is unknown or expired, or if the inviter no longer
-- owns the workspace.
DELETE FROM invitations
 USING members AS inviter
  JOIN users
    ON users.id = inviter.user_id
   AND users.disabled_at IS NULL
 WHERE invitations.token_hash = %(token_hash)s
   AND invitations.expires_at > now()
   AND inviter.workspace_id = invitations.workspace_id
   AND inviter.user_id = invitations.invited_by
   AND inviter.role = 'owner'
RETURNING invitations.workspace_id,
          invitations.role,
          invitations.invited_by,
          users.email AS inviter_email;

-- name: is_for :maybe
-- Whether a token belongs to an invitation to this address that can still be accepted.
SELECT true AS is_invited
  FROM invitations
  JOIN members AS inviter
    ON inviter.workspace_id = invitations.workspace_id
   AND inviter.user_id = invitations.invited_by
   AND inviter.role = 'owner'
  JOIN users
    ON users.id = inviter.user_id
   AND users.disabled_at IS NULL
 WHERE invitations.token_hash = %(token_hash)s
   AND fold(invitations.email) = fold(%(email)s)
   AND invitations.expires_at > now();

-- name: expire :exec
-- Removes expired invitations.
WITH past AS MATERIALIZED (
  SELECT id
    FROM invitations
   WHERE expires_at < now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM invitations
 USING past
 WHERE invitations.id = past.id;
