-- name: of_job :one
-- A job of a workspace, what it was run on, and how far its export is, if it has begun.
SELECT job.id,
       job.workspace_id,
       job.document_id,
       job.status AS job_status,
       version.name AS source_name,
       export.status,
       export.error,
       export.error_code,
       export.revision,
       export.updated_at
  FROM jobs AS job
  JOIN document_versions AS version
    ON version.id = job.version_id
  LEFT JOIN table_exports AS export
    ON export.id = job.id
 WHERE job.id = %(id)s
   AND job.workspace_id = %(workspace_id)s;

-- name: of_table :one
-- The same of the job of a table that can be read from a workspace.
SELECT job.id,
       job.workspace_id,
       job.document_id,
       job.status AS job_status,
       version.name AS source_name,
       export.status,
       export.error,
       export.error_code,
       export.revision,
       export.updated_at
  FROM extracted_tables AS extracted
  JOIN jobs AS job
    ON job.id = extracted.job_id
  JOIN document_versions AS version
    ON version.id = job.version_id
  LEFT JOIN table_exports AS export
    ON export.id = job.id
 WHERE extracted.id = %(id)s
   AND extracted.workspace_id = home_to_read_document(extracted.document_id, %(workspace_id)s);

-- name: tables :many
-- The tables of a job in reading order.
SELECT extracted.id,
       extracted.sequence_index,
       extracted.title,
       extracted.columns,
       extracted.row_count
  FROM extracted_tables AS extracted
 WHERE extracted.job_id = %(job_id)s
 ORDER BY extracted.sequence_index;

-- name: files :many
-- The files of an export that are right for its present revision, and where their bytes are.
SELECT file.table_id,
       file.document_id,
       version.name,
       version.media_type,
       version.bytes,
       encode(version.sha256, 'hex') AS sha256,
       object.key
  FROM table_exports AS export
  JOIN exported_files AS file
    ON file.export_id = export.id
   AND file.revision = export.revision
  JOIN document_versions AS version
    ON version.document_id = file.document_id
   AND version.id = file.version_id
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE export.id = %(id)s;

-- name: lines :one
-- A batch of the rows of a table, by number, as one text: unit separators are between the texts of a row, and
-- record separators between rows, which takes a fifth of the time of rows and arrays. `is_ambiguous` if such
-- a sign is in one of the texts.
WITH batch AS (
  SELECT number,
         array_to_string(texts, chr(31)) AS line,
         array_to_string(texts, '') AS said
    FROM row_answers(%(table_id)s, %(after)s)
   ORDER BY number
   LIMIT %(limit)s
)
SELECT count(*) AS count,
       max(number) AS last,
       string_agg(line, chr(30) ORDER BY number) AS lines,
       coalesce(bool_or(strpos(said, chr(31)) > 0 OR strpos(said, chr(30)) > 0), false) AS is_ambiguous
  FROM batch;

-- name: cells :many
-- A batch of the rows of a table, by number: the texts and the values.
SELECT number,
       texts,
       "values"
  FROM row_answers(%(table_id)s, %(after)s)
 ORDER BY number
 LIMIT %(limit)s;

-- name: revision :value
-- How often the tables of a job were corrected; no row if the job is gone.
SELECT revision
  FROM table_exports
 WHERE id = %(id)s;

-- name: retry :value
-- Has the files of an export that failed made again. The database refuses it for others.
UPDATE table_exports
   SET status = next_status('table_export', status, 'retry'),
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
RETURNING id;

-- name: load :many
-- The exports whose files are to be made, and for whom. Once who started the job is no longer a member,
-- as after one that started by itself, the first owner is charged.
SELECT export.id,
       export.workspace_id,
       export.revision,
       job.created_by,
       CASE
         WHEN EXISTS (
                SELECT FROM members AS member
                  JOIN users
                    ON users.id = member.user_id
                   AND users.disabled_at IS NULL
                 WHERE member.workspace_id = job.workspace_id
                   AND member.user_id = job.created_by
              ) THEN job.created_by
         ELSE coalesce(first_owner(job.workspace_id), job.created_by)
       END AS charged_to,
       version.name AS source_name
  FROM table_exports AS export
  JOIN jobs AS job
    ON job.id = export.id
  JOIN document_versions AS version
    ON version.id = job.version_id
 WHERE export.id = ANY (%(ids)s::uuid[])
   AND export.status = 'pending';

-- name: count_pending :value
-- How many of some exports have files to be made.
SELECT count(*)
  FROM table_exports
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'pending';

-- name: hold_job :maybe
-- Keeps a job from being removed until the transaction ends; no row if it is gone.
SELECT id
  FROM jobs
 WHERE id = %(id)s
   FOR KEY SHARE;

-- name: hold :maybe
-- Locks an export until the transaction ends; no row if it needs no files of this revision any more.
SELECT id
  FROM table_exports
 WHERE id = %(id)s
   AND status = 'pending'
   AND revision = %(revision)s
   FOR UPDATE;

-- name: file :maybe
-- The file of a table of an export, or the one of all its tables.
SELECT file.document_id,
       file.revision,
       version.sha256
  FROM exported_files AS file
  JOIN document_versions AS version
    ON version.document_id = file.document_id
   AND version.id = file.version_id
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE file.export_id = %(export_id)s
   AND file.table_id IS NOT DISTINCT FROM %(table_id)s::uuid;

-- name: confirm :exec
-- Saves that a file is right for a revision, too.
UPDATE exported_files
   SET revision = %(revision)s
 WHERE export_id = %(export_id)s
   AND table_id IS NOT DISTINCT FROM %(table_id)s::uuid;

-- name: produce :exec
-- Makes a document of a file that is in the store.
WITH version AS (
  INSERT INTO document_versions
    (
      workspace_id,
      document_id,
      number,
      object_id,
      name,
      media_type,
      kind,
      bytes,
      sha256,
      created_by
    )
  VALUES (
    %(workspace_id)s,
    %(document_id)s,
    1,
    %(object_id)s,
    %(name)s,
    %(media_type)s,
    %(kind)s,
    %(bytes)s,
    %(sha256)s,
    %(created_by)s
  )
  RETURNING id
),
document AS (
  INSERT INTO documents
    (id, workspace_id, created_by, status, name, category, version_id, produced_by_job_id)
  SELECT %(document_id)s,
         %(workspace_id)s,
         %(created_by)s,
         'ready',
         %(name)s,
         'export',
         version.id,
         %(export_id)s
    FROM version
)
INSERT INTO exported_files AS file (export_id, table_id, document_id, version_id, revision)
SELECT %(export_id)s,
       %(table_id)s,
       %(document_id)s,
       version.id,
       %(revision)s
  FROM version
ON CONFLICT ON CONSTRAINT exported_files_are_made_once
DO UPDATE
      SET document_id = EXCLUDED.document_id,
          version_id = EXCLUDED.version_id,
          revision = EXCLUDED.revision;

-- name: add_version :value
-- Makes a file that is in the store the current version of the document of a former one; its number. It
-- is not read: a document that was being read for another reason is ready.
WITH version AS (
  INSERT INTO document_versions
    (
      workspace_id,
      document_id,
      number,
      object_id,
      name,
      media_type,
      kind,
      bytes,
      sha256,
      created_by
    )
  SELECT document.workspace_id,
         document.id,
         document.versions + 1,
         %(object_id)s,
         %(name)s,
         %(media_type)s,
         %(kind)s,
         %(bytes)s,
         %(sha256)s,
         %(created_by)s
    FROM documents AS document
   WHERE document.id = %(document_id)s
     FOR NO KEY UPDATE
  RETURNING id, document_id, number
),
document AS (
  UPDATE documents
     SET status = CASE documents.status WHEN 'processing' THEN 'ready' ELSE documents.status END,
         version_id = version.id,
         versions = version.number,
         text_id = NULL,
         updated_at = now()
    FROM version
   WHERE documents.id = version.document_id
)
UPDATE exported_files AS file
   SET version_id = version.id,
       revision = %(revision)s
  FROM version
 WHERE file.export_id = %(export_id)s
   AND file.table_id IS NOT DISTINCT FROM %(table_id)s::uuid
RETURNING version.number;

-- name: complete :exec
-- Saves that the files of an export are made; 0 if it needs those of another revision, or is gone.
UPDATE table_exports
   SET status = 'ready',
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'pending'
   AND revision = %(revision)s;

-- name: fail :exec
-- Saves why the files of an export could not be made.
UPDATE table_exports
   SET status = 'failed',
       error = %(error)s,
       error_code = %(error_code)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'pending';

-- name: revive :exec
-- Has the files of an export that failed made again, for an operator.
UPDATE table_exports
   SET status = 'pending',
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'failed';
