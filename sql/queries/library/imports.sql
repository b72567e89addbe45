-- name: create :one
-- A file to import; entering `reading` enqueues the reading.
INSERT INTO imports (workspace_id, user_id, format, charset, enrich, folders_become, bytes, file)
VALUES (
  %(workspace_id)s,
  %(user_id)s,
  %(format)s,
  %(charset)s,
  %(enrich)s,
  %(folders_become)s,
  length(%(file)b::bytea),
  %(file)b
)
RETURNING id,
          status,
          format,
          bytes,
          total,
          done,
          added,
          duplicates,
          refused,
          missed,
          mistakes,
          error,
          created_at,
          updated_at,
          ended_at;

-- name: get :one
-- An import and its progress.
SELECT id,
       status,
       format,
       bytes,
       total,
       done,
       added,
       duplicates,
       refused,
       missed,
       mistakes,
       error,
       created_at,
       updated_at,
       ended_at
  FROM imports
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: list_of_workspace :many
-- A workspace's imports, newest first, each with its first fifty mistakes.
SELECT id,
       status,
       format,
       bytes,
       total,
       done,
       added,
       duplicates,
       refused,
       missed,
       jsonb_path_query_array(mistakes, '$[0 to 49]') AS mistakes,
       error,
       created_at,
       updated_at,
       ended_at
  FROM imports
 WHERE workspace_id = %(workspace_id)s
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: cancel :value
-- Ends an import that has not ended yet; what was added stays. The database refuses it for others.
UPDATE imports
   SET status = next_status('import', status, 'cancel'),
       file = NULL,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: load_for_reading :many
-- Files to read.
SELECT id, format, charset, enrich, folders_become, file
  FROM imports
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'reading'
   AND file IS NOT NULL;

-- name: count_reading :value
-- How many of some imports still need their file read.
SELECT count(*)
  FROM imports
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'reading';

-- name: save_reading :value
-- Saves that the file was read, unless the import has ended: 1, or 0. Entries that were merged with
-- others are duplicates that need not be looked at. `error` says why the file is not whole, if it is
-- not. Entering `adding` enqueues the adding of the rows.
WITH read AS (
  UPDATE imports
     SET status = 'adding',
         file = NULL,
         format = %(format)s,
         total = %(total)s,
         done = %(merged)s,
         duplicates = %(merged)s,
         refused = %(refused)s,
         missed = %(missed)s,
         mistakes = %(mistakes)s,
         error = %(error)s,
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'reading'
  RETURNING id
)
SELECT count(*)
  FROM read;

-- name: lock :maybe
-- Locks an import whose rows are being added, until the transaction ends.
SELECT workspace_id, user_id
  FROM imports
 WHERE id = %(id)s
   AND status = 'adding'
   FOR UPDATE;

-- name: advance :value
-- Saves that so many more of an import's rows were looked at, and so many of them added or refused;
-- returns whether more are left. What is refused no longer counts towards the total,
-- and the first thousand mistakes are kept.
UPDATE imports
   SET total = total - %(refused)s,
       done = done + %(looked_at)s - %(refused)s,
       added = added + %(added)s,
       duplicates = duplicates + %(looked_at)s - %(added)s - %(refused)s,
       refused = refused + %(refused)s,
       mistakes = jsonb_path_query_array(mistakes || %(mistakes)s::jsonb, '$[0 to 999]'),
       updated_at = now()
 WHERE id = %(id)s
RETURNING done < total;

-- name: end :exec
-- All rows were looked at. An import is only completed if every entry of the file is accounted for,
-- and the file is whole.
UPDATE imports
   SET status = CASE WHEN missed = 0 AND error IS NULL THEN 'completed' ELSE 'incomplete' END,
       error = coalesce(error, CASE WHEN missed > 0 THEN format(
         'The file has %%s entries by a plain count, but only %%s of them could be told apart.',
         total + refused + missed,
         total + refused
       ) END),
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'adding';

-- name: fail :exec
-- The import was given up; what was added stays.
UPDATE imports
   SET status = 'failed',
       error = %(error)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status IN ('reading', 'adding');

-- name: retry :exec
-- Lets an import that was given up continue, for an operator.
UPDATE imports
   SET status = CASE WHEN file IS NULL THEN 'adding' ELSE 'reading' END,
       error = NULL,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Removes imports that ended long ago, and what is left of their files.
WITH past AS MATERIALIZED (
  SELECT id
    FROM imports
   WHERE ended_at < now() - interval '30 days'
   ORDER BY ended_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM imports
 USING past
 WHERE imports.id = past.id;
