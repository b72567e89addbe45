-- name: create_imports :many
-- Files to fetch from a drive; entering `waiting` enqueues each.
INSERT INTO transfers (workspace_id, user_id, connection_id, direction, path, folder_id)
SELECT %(workspace_id)s,
       %(user_id)s,
       %(connection_id)s,
       'import',
       path,
       %(folder_id)s
  FROM unnest(%(paths)s::text[]) AS path
RETURNING id;

-- name: create_exports :many
-- Documents to send to a folder of a drive; those that the workspace does not have, or that are in the
-- trash, are left out.
INSERT INTO transfers (workspace_id, user_id, connection_id, direction, path, name, document_id)
SELECT %(workspace_id)s,
       %(user_id)s,
       %(connection_id)s,
       'export',
       %(path)s,
       document.name,
       document.id
  FROM documents AS document
 WHERE document.id = ANY (%(document_ids)s::uuid[])
   AND document.workspace_id = %(workspace_id)s
   AND document.status NOT IN ('awaiting_upload', 'discarded')
RETURNING id, document_id;

-- name: get :one
-- A transfer of a user's.
SELECT *
  FROM transfer_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = %(id)s;

-- name: list_some :many
-- Some transfers of a user's, oldest first.
SELECT *
  FROM transfer_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = ANY (%(ids)s::uuid[])
 ORDER BY id;

-- name: list_of_connection :many
-- The transfers of a connection, newest first.
SELECT *
  FROM transfer_answers(%(workspace_id)s, %(user_id)s)
 WHERE connection_id = %(connection_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: act :value
-- Performs an action on a transfer; the id, or no row if the user has no such transfer. The database
-- refuses an action that the status does not allow.
UPDATE transfers
   SET status = next_status('transfer', status, %(action)s),
       error = NULL,
       error_code = NULL,
       updated_at = now(),
       ended_at = CASE WHEN %(action)s = 'cancel' THEN now() END
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;

-- name: load :many
-- Transfers to run, and what is needed for it; no row for those that have ended. For an export, the
-- place of the document's current file. `former_id` is the document that an earlier content of a watched
-- file became. `is_permitted` says whether the user still may.
SELECT transfer.id,
       transfer.workspace_id,
       transfer.user_id,
       transfer.connection_id,
       transfer.direction,
       transfer.path,
       transfer.name,
       transfer.folder_id,
       file.document_id AS former_id,
       connection.provider,
       connection.base_url,
       connection.credentials,
       connection.status AS connection_status,
       is_permitted(transfer.user_id, transfer.workspace_id, 'workspace:connections:manage') AS is_permitted,
       version.bytes,
       version.sha256,
       object.key
  FROM transfers AS transfer
  JOIN connections AS connection
    ON connection.id = transfer.connection_id
  LEFT JOIN watched_files AS file
    ON file.watch_id = transfer.watch_id
   AND file.file_id = transfer.file_id
  LEFT JOIN documents AS document
    ON document.id = transfer.document_id
   AND transfer.direction = 'export'
   AND document.status <> 'discarded'
  LEFT JOIN document_versions AS version
    ON version.id = document.version_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE transfer.id = ANY (%(ids)s::uuid[])
   AND transfer.status = 'waiting';

-- name: count_waiting :value
-- How many of some transfers have not ended.
SELECT count(*)
  FROM transfers
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'waiting';

-- name: lock_waiting :maybe
-- Locks a transfer that has not ended, until the transaction ends; where its document goes. For a
-- watched file, `former_id` is the document that an earlier content of it became.
SELECT transfer.workspace_id,
       transfer.user_id,
       transfer.folder_id,
       transfer.watch_id,
       transfer.file_id,
       file.document_id AS former_id
  FROM transfers AS transfer
  LEFT JOIN watched_files AS file
    ON file.watch_id = transfer.watch_id
   AND file.file_id = transfer.file_id
 WHERE transfer.id = %(id)s
   AND transfer.status = 'waiting'
   FOR NO KEY UPDATE OF transfer;

-- name: complete :exec
-- Saves that a file has arrived; and that its connection works.
WITH synced AS (
  UPDATE connections
     SET last_synced_at = now()
    FROM transfers
   WHERE transfers.id = %(id)s
     AND connections.id = transfers.connection_id
)
UPDATE transfers
   SET status = 'completed',
       name = %(name)s,
       document_id = coalesce(%(document_id)s, document_id),
       is_duplicate = %(is_duplicate)s,
       bytes = coalesce(%(bytes)s, bytes),
       error = NULL,
       error_code = NULL,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'waiting';

-- name: fail :exec
-- Saves that a file did not arrive, and why.
UPDATE transfers
   SET status = 'failed',
       error = %(error)s,
       error_code = %(error_code)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'waiting';

-- name: retry :exec
-- Runs a failed transfer again, for an operator.
UPDATE transfers
   SET status = 'waiting',
       error = NULL,
       error_code = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Removes a batch of the transfers that ended longest ago, thirty days or more.
WITH past AS MATERIALIZED (
  SELECT id
    FROM transfers
   WHERE ended_at < now() - interval '30 days'
   ORDER BY ended_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM transfers
 USING past
 WHERE transfers.id = past.id;
