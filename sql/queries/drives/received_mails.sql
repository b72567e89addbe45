-- name: receive :exec
-- A message that was stored; making documents of it is queued.
WITH noted AS (
  UPDATE inboxes
     SET last_received_at = now()
   WHERE id = %(inbox_id)s
)
INSERT INTO received_mails (workspace_id, user_id, inbox_id, watch_id, object_id, sender, bytes)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  %(inbox_id)s,
  %(watch_id)s,
  %(object_id)s,
  %(sender)s,
  %(bytes)s
);

-- name: refuse :exec
-- A message of a watched folder that is not taken, and why.
INSERT INTO received_mails
  (workspace_id, user_id, watch_id, sender, bytes, status, error, ended_at)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  %(watch_id)s,
  %(sender)s,
  %(bytes)s,
  'refused',
  %(error)s,
  now()
);

-- name: list_of_inbox :many
-- The messages of an inbox, newest first.
SELECT id,
       inbox_id,
       watch_id,
       sender,
       bytes,
       status,
       documents,
       duplicates,
       refused,
       error,
       created_at,
       updated_at,
       ended_at
  FROM received_mails
 WHERE inbox_id = %(inbox_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: list_of_watch :many
-- The messages of a watched folder, newest first.
SELECT id,
       inbox_id,
       watch_id,
       sender,
       bytes,
       status,
       documents,
       duplicates,
       refused,
       error,
       created_at,
       updated_at,
       ended_at
  FROM received_mails
 WHERE watch_id = %(watch_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: act :one
-- Performs an action on a message. The database refuses an action that the status does not allow.
UPDATE received_mails
   SET status = next_status('received_mail', status, %(action)s),
       error = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id,
          inbox_id,
          watch_id,
          sender,
          bytes,
          status,
          documents,
          duplicates,
          refused,
          error,
          created_at,
          updated_at,
          ended_at;

-- name: load :many
-- Messages to make documents of, and where their bytes are.
SELECT mail.id,
       mail.workspace_id,
       mail.user_id,
       mail.bytes,
       object.key
  FROM received_mails AS mail
  JOIN objects AS object
    ON object.id = mail.object_id
   AND object.status = 'stored'
 WHERE mail.id = ANY (%(ids)s::uuid[])
   AND mail.status = 'received';

-- name: lock :maybe
-- Locks a message that no documents were made of yet, until the transaction ends; where they go.
SELECT mail.workspace_id,
       mail.user_id,
       mail.object_id,
       mail.sender,
       coalesce(inbox.folder_id, watch.folder_id) AS folder_id
  FROM received_mails AS mail
  LEFT JOIN inboxes AS inbox
    ON inbox.id = mail.inbox_id
  LEFT JOIN watches AS watch
    ON watch.id = mail.watch_id
 WHERE mail.id = %(id)s
   AND mail.status = 'received'
   FOR NO KEY UPDATE OF mail;

-- name: file :exec
-- Saves that documents were made of a message; its own object is no longer needed.
UPDATE received_mails
   SET status = 'filed',
       object_id = NULL,
       documents = %(documents)s,
       duplicates = %(duplicates)s,
       refused = %(refused)s,
       error = NULL,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'received';

-- name: fail :exec
-- Saves that no documents could be made of a message, and why; it is kept.
UPDATE received_mails
   SET status = 'failed',
       error = %(error)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'received';

-- name: retry :exec
-- Tries again to make documents of a message, for an operator.
UPDATE received_mails
   SET status = 'received',
       error = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Removes a batch of the messages that ended longest ago, thirty days or more.
WITH past AS MATERIALIZED (
  SELECT id
    FROM received_mails
   WHERE ended_at < now() - interval '30 days'
   ORDER BY ended_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM received_mails
 USING past
 WHERE received_mails.id = past.id;
