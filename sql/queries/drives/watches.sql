-- name: create :value
-- Watches a folder of a drive, or of a mailbox from a message on; the first scan is queued.
INSERT INTO watches (workspace_id, user_id, connection_id, path, folder_id, uid_validity, last_uid)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  %(connection_id)s,
  %(path)s,
  %(folder_id)s,
  %(uid_validity)s,
  %(last_uid)s
)
RETURNING id;

-- name: get :one
-- A watch of a user's.
SELECT *
  FROM watch_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = %(id)s;

-- name: exists :value
-- Whether the user has such a watch; no row if not.
SELECT true
  FROM watches
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: list_of_connection :many
-- The watches of a connection, newest first.
SELECT *
  FROM watch_answers(%(workspace_id)s, %(user_id)s)
 WHERE connection_id = %(connection_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: remove :value
-- Stops watching a folder; the id, or no row if the user has no such watch. Documents stay.
WITH removed AS (
  DELETE FROM watches
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
     AND user_id = %(user_id)s
  RETURNING id, workspace_id, user_id, status
)
INSERT INTO events (workspace_id, user_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       user_id,
       'watch',
       id,
       'watch.removed',
       status,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM removed
RETURNING entity_id;

-- name: load :many
-- Folders to scan, and what is needed for it; no row for those that are paused or gone. `is_permitted`
-- says whether the user still may.
SELECT watch.id,
       watch.path,
       watch.workspace_id,
       watch.user_id,
       watch.connection_id,
       watch.failures,
       watch.last_error,
       watch.last_scanned_at,
       watch.uid_validity,
       watch.last_uid,
       watch.created_at,
       connection.provider,
       connection.base_url,
       connection.credentials,
       is_permitted(watch.user_id, watch.workspace_id, 'workspace:connections:manage') AS is_permitted
  FROM watches AS watch
  JOIN connections AS connection
    ON connection.id = watch.connection_id
   AND connection.status = 'active'
 WHERE watch.id = ANY (%(ids)s::uuid[])
   AND watch.status = 'watching';

-- name: lock :maybe
-- Locks a watch until the transaction ends, unless it is paused or gone.
SELECT id
  FROM watches
 WHERE id = %(id)s
   AND status = 'watching'
   FOR NO KEY UPDATE;

-- name: see :exec
-- Notes the files that a scan found. Those whose content is complete, and not taken yet, are queued as
-- transfers; not those whose document is in the trash or gone. Unless the scan `is_cut`, the others are not
-- there any more.
WITH found AS (
  SELECT *
    FROM unnest(
           %(file_ids)s::text[],
           %(etags)s::text[],
           %(paths)s::text[],
           %(names)s::text[],
           %(are_old)s::boolean[]
         ) AS found (file_id, etag, path, name, is_old)
),
complete AS (
  SELECT found.*
    FROM found
    LEFT JOIN watched_files AS known
      ON known.watch_id = %(id)s
     AND known.file_id = found.file_id
    LEFT JOIN documents AS document
      ON document.id = known.document_id
     AND document.status <> 'discarded'
   WHERE (found.is_old OR known.etag = found.etag)
     AND known.taken_etag IS DISTINCT FROM found.etag
     AND (known.document_id IS NULL OR document.id IS NOT NULL)
),
missing AS (
  UPDATE watched_files AS known
     SET is_there = false
   WHERE known.watch_id = %(id)s
     AND known.is_there
     AND NOT %(is_cut)s
     AND NOT EXISTS (
           SELECT
             FROM found
            WHERE found.file_id = known.file_id
         )
),
noted AS (
  INSERT INTO watched_files AS known (watch_id, file_id, etag, taken_etag)
  SELECT %(id)s,
         found.file_id,
         found.etag,
         complete.etag
    FROM found
    LEFT JOIN complete
      ON complete.file_id = found.file_id
  ON CONFLICT ON CONSTRAINT watched_files_pkey
  DO UPDATE
        SET etag = EXCLUDED.etag,
            taken_etag = coalesce(EXCLUDED.taken_etag, known.taken_etag),
            is_there = true
      WHERE NOT known.is_there
         OR known.etag <> EXCLUDED.etag
         OR known.taken_etag IS DISTINCT FROM coalesce(EXCLUDED.taken_etag, known.taken_etag)
)
INSERT INTO transfers
  (
    workspace_id,
    user_id,
    connection_id,
    direction,
    path,
    name,
    folder_id,
    watch_id,
    file_id
  )
SELECT watch.workspace_id,
       watch.user_id,
       watch.connection_id,
       'import',
       complete.path,
       complete.name,
       watch.folder_id,
       watch.id,
       complete.file_id
  FROM complete
  JOIN watches AS watch
    ON watch.id = %(id)s;

-- name: link :exec
-- Notes which document a watched file has become; unless that is already another one that is still there,
-- as for two files with the same content.
UPDATE watched_files AS file
   SET document_id = %(document_id)s
 WHERE file.watch_id = %(watch_id)s
   AND file.file_id = %(file_id)s
   AND NOT EXISTS (
         SELECT
           FROM watched_files AS other
          WHERE other.document_id = %(document_id)s
            AND other.is_there
            AND (other.watch_id, other.file_id) <> (file.watch_id, file.file_id)
       );

-- name: advance :maybe
-- Notes that the messages of a mailbox's folder up to this one were received, in the transaction that
-- receives them; no row if that is no longer wanted, or another worker has done it.
UPDATE watches
   SET last_uid = %(last_uid)s,
       failures = 0,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'watching'
   AND uid_validity = %(uid_validity)s
   AND last_uid < %(last_uid)s
RETURNING id;

-- name: begin_again :maybe
-- Notes that the messages of a mailbox's folder have other UIDs than before, and from which one on they
-- are received; no row if that is no longer wanted, or another worker has done it.
UPDATE watches
   SET uid_validity = %(uid_validity)s,
       last_uid = %(last_uid)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'watching'
   AND uid_validity = %(former)s
RETURNING id;

-- name: note_scan :exec
-- Saves that a folder was scanned; and that its connection works.
WITH synced AS (
  UPDATE connections
     SET last_synced_at = now()
    FROM watches
   WHERE watches.id = %(id)s
     AND connections.id = watches.connection_id
)
UPDATE watches
   SET failures = 0,
       last_error = %(error)s,
       last_scanned_at = now(),
       updated_at = now()
 WHERE id = %(id)s;

-- name: note_failure :value
-- Saves that a folder could not be scanned, and why; how many times in a row.
UPDATE watches
   SET failures = failures + 1,
       last_error = %(error)s,
       updated_at = now()
 WHERE id = %(id)s
RETURNING failures;
