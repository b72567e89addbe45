-- name: create :one
-- A new inbox.
INSERT INTO inboxes (workspace_id, user_id, name, folder_id, token_hash)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  %(name)s,
  %(folder_id)s,
  %(token_hash)s
)
RETURNING id,
          name,
          folder_id,
          last_received_at,
          created_at,
          updated_at;

-- name: exists :value
-- Whether the user has such an inbox; no row if not.
SELECT true
  FROM inboxes
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: list_of_user :many
-- The inboxes of a user in a workspace, newest first.
SELECT id,
       name,
       folder_id,
       last_received_at,
       created_at,
       updated_at
  FROM inboxes
 WHERE workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: rotate :one
-- Gives an inbox another address; the former one is unknown from then on.
UPDATE inboxes
   SET token_hash = %(token_hash)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id,
          name,
          folder_id,
          last_received_at,
          created_at,
          updated_at;

-- name: remove :value
-- Ends an inbox; the id, or no row if the user has no such inbox. Documents stay.
DELETE FROM inboxes
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;

-- name: of_token :maybe
-- The inbox with an address, unless its user may no longer receive documents.
SELECT inbox.id,
       inbox.workspace_id,
       inbox.user_id
  FROM inboxes AS inbox
 WHERE inbox.token_hash = %(token_hash)s
   AND is_permitted(inbox.user_id, inbox.workspace_id, 'workspace:inboxes:manage');
