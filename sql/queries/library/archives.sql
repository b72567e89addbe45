-- name: create :one
-- An archive to be written; entering `pending` enqueues the work.
INSERT INTO archives (workspace_id, user_id)
VALUES (%(workspace_id)s, %(user_id)s)
RETURNING id;

-- name: get :one
-- One of a user's archives in a workspace.
SELECT *
  FROM archive_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = %(id)s;

-- name: list_of_user :many
-- A user's archives in a workspace, newest first.
SELECT *
  FROM archive_answers(%(workspace_id)s, %(user_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: file :one
-- The file of an archive, if it is ready.
SELECT archive.status,
       'coffer-' || to_char(archive.created_at, 'YYYY-MM-DD') || '.zip' AS name,
       'application/zip' AS media_type,
       archive.bytes,
       encode(archive.sha256, 'hex') AS sha256,
       object.key
  FROM archives AS archive
  LEFT JOIN objects AS object
    ON object.id = archive.object_id
   AND object.status = 'stored'
 WHERE archive.id = %(id)s
   AND archive.workspace_id = %(workspace_id)s
   AND archive.user_id = %(user_id)s;

-- name: remove :value
-- Removes an archive, and with it its file.
DELETE FROM archives
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;

-- name: start :value
-- A worker begins an archive, or begins again after another one died; whether it still has to be written.
WITH begun AS (
  UPDATE archives
     SET status = 'writing',
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'pending'
  RETURNING id
)
SELECT EXISTS (SELECT FROM begun)
       OR EXISTS (SELECT FROM archives WHERE id = %(id)s AND status = 'writing');

-- name: put_back :exec
-- A worker gives an archive back, to be written later.
UPDATE archives
   SET status = 'pending',
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'writing';

-- name: load :many
-- The archives to write, and what their users may read.
SELECT archive.id,
       archive.workspace_id,
       archive.user_id,
       permissions_of(archive.user_id, archive.workspace_id) AS permissions
  FROM archives AS archive
 WHERE archive.id = ANY (%(ids)s::uuid[])
   AND archive.status = 'writing';

-- name: count_writing :value
-- How many of some archives are still to be written.
SELECT count(*)
  FROM archives
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'writing';

-- name: complete :maybe
-- Saves that the file of an archive is in the store; no row if it is no longer wanted, or another worker was
-- first.
UPDATE archives
   SET status = 'ready',
       object_id = %(object_id)s,
       bytes = %(bytes)s,
       sha256 = %(sha256)s,
       counts = %(counts)s,
       missing = %(missing)s,
       updated_at = now(),
       ended_at = now(),
       expires_at = now() + %(kept)s::interval
 WHERE id = %(id)s
   AND status = 'writing'
RETURNING workspace_id, user_id;

-- name: expire_older :exec
-- Expires a user's archives in a workspace, except the latest few.
WITH older AS MATERIALIZED (
  SELECT id
    FROM archives
   WHERE workspace_id = %(workspace_id)s
     AND user_id = %(user_id)s
     AND status = 'ready'
   ORDER BY id DESC
  OFFSET %(kept)s
     FOR UPDATE
)
UPDATE archives
   SET status = 'expired',
       updated_at = now()
  FROM older
 WHERE archives.id = older.id;

-- name: fail :exec
-- An archive was given up.
UPDATE archives
   SET status = 'failed',
       error = %(error)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status IN ('pending', 'writing');

-- name: revive :exec
-- Has an archive that was given up written, for an operator.
UPDATE archives
   SET status = 'pending',
       error = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Expires a batch of archives whose time is over.
WITH past AS MATERIALIZED (
  SELECT id
    FROM archives
   WHERE status = 'ready'
     AND expires_at <= now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE archives
   SET status = 'expired',
       updated_at = now()
  FROM past
 WHERE archives.id = past.id;

-- name: forget :exec
-- Removes a batch of archives that ended long ago and have no file any more.
WITH past AS MATERIALIZED (
  SELECT id
    FROM archives
   WHERE ended_at < now() - interval '30 days'
     AND status <> 'ready'
   ORDER BY ended_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM archives
 USING past
 WHERE archives.id = past.id;
