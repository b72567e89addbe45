-- name: create :one
-- An archive to be put back, whose file is in the store; entering `restoring` enqueues the work.
INSERT INTO imports (workspace_id, user_id, status, format, enrich, bytes, object_id)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  'restoring',
  'coffer',
  false,
  %(bytes)s,
  %(object_id)s
)
RETURNING id;

-- name: load :many
-- Archives to be put back: where their bytes are, how far they are, and what their users may do.
SELECT import.id,
       import.workspace_id,
       import.user_id,
       import.bytes,
       import.parts,
       object.key,
       permissions_of(import.user_id, import.workspace_id) AS permissions
  FROM imports AS import
  LEFT JOIN objects AS object
    ON object.id = import.object_id
   AND object.status = 'stored'
 WHERE import.id = ANY (%(ids)s::uuid[])
   AND import.status = 'restoring';

-- name: count_restoring :value
-- How many of some imports still have an archive to be put back.
SELECT count(*)
  FROM imports
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'restoring';

-- name: begin :maybe
-- Begins to put an archive back, or goes on: whether nothing was put back yet, and how many bytes of the
-- user's quota are free. No row if it is no longer wanted.
UPDATE imports
   SET total = %(total)s,
       updated_at = now()
  FROM (
         SELECT coalesce(max(quota.limit_bytes), max(quota.default_bytes), %(default_bytes)s)
                - coalesce(max(quota.used_bytes), 0) AS free_bytes
           FROM imports AS import
           JOIN quotas AS quota
             ON quota.user_id = payer_of(import.user_id, import.workspace_id)
          WHERE import.id = %(id)s
       ) AS room
 WHERE id = %(id)s
   AND status = 'restoring'
RETURNING parts = '{}' AS is_new,
          room.free_bytes;

-- name: advance :exec
-- Saves what became of further lines of a part; 0 if the import has ended, or another worker was first.
UPDATE imports
   SET parts = parts || jsonb_build_object(
         %(part)s::text,
         jsonb_build_object(
           'lines', %(before)s::bigint + %(lines)s::bigint,
           'added', coalesce((parts #>> ARRAY[%(part)s, 'added'])::bigint, 0) + %(added)s::bigint,
           'duplicates', coalesce((parts #>> ARRAY[%(part)s, 'duplicates'])::bigint, 0) + %(known)s::bigint,
           'refused', coalesce((parts #>> ARRAY[%(part)s, 'refused'])::bigint, 0) + %(refused)s::bigint
         )
       ),
       done = done + %(lines)s,
       added = added + %(added)s,
       duplicates = duplicates + %(known)s,
       refused = refused + %(refused)s,
       mistakes = CASE
         WHEN jsonb_array_length(mistakes) < 1000 THEN mistakes || %(mistakes)s::jsonb
         ELSE mistakes
       END,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'restoring'
   AND coalesce((parts #>> ARRAY[%(part)s, 'lines'])::bigint, 0) = %(before)s::bigint;

-- name: end :exec
-- All lines were looked at. The import is only completed if each of them was taken, or was there already, and
-- they are as many as the archive says.
UPDATE imports
   SET status = CASE
         WHEN refused = 0 AND total = done AND %(error)s::text IS NULL THEN 'completed'
         ELSE 'incomplete'
       END,
       missed = greatest(total - done, 0),
       total = added + duplicates,
       done = added + duplicates,
       error = CASE
         WHEN %(error)s::text IS NOT NULL THEN %(error)s::text
         WHEN total <> done THEN format('The archive says that it has %%s rows, but it has %%s.', total, done)
         WHEN refused > 0 THEN format('%%s rows could not be taken.', refused)
       END,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'restoring';

-- name: refuse :exec
-- Nothing of the file can be taken, so it is deleted.
WITH refused AS (
  UPDATE imports
     SET status = 'failed',
         error = %(error)s,
         updated_at = now(),
         ended_at = now()
   WHERE id = %(id)s
     AND status = 'restoring'
  RETURNING object_id
)
UPDATE objects
   SET status = 'doomed'
  FROM refused
 WHERE objects.id = refused.object_id
   AND objects.status <> 'doomed';

-- name: fail :exec
-- The import was given up; what was put back stays, and so does the file, for another attempt.
UPDATE imports
   SET status = 'failed',
       error = %(error)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'restoring';

-- name: revive :exec
-- Lets an import that was given up continue, for an operator.
UPDATE imports
   SET status = 'restoring',
       error = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed'
   AND object_id IS NOT NULL;

-- name: is_any_restoring :value
-- Whether an archive of a user is being put back.
SELECT EXISTS (
         SELECT
           FROM imports
          WHERE CASE WHEN status = 'restoring' THEN user_id END = %(user_id)s
       );
