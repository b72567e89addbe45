-- name: read :many
-- A batch of the exports of a workspace's jobs, in id order, each with its files and the documents that the
-- job has produced.
SELECT export.id::text AS at,
       (
         to_jsonb(export) - ARRAY['workspace_id']
         || jsonb_build_object(
              'files', (
                SELECT coalesce(
                         jsonb_agg(to_jsonb(file) - ARRAY['export_id'] ORDER BY file.id),
                         '[]'
                       )
                  FROM exported_files AS file
                 WHERE file.export_id = export.id
              ),
              'documents', (
                SELECT coalesce(
                         jsonb_agg(jsonb_build_object('id', document.id) ORDER BY document.id),
                         '[]'
                       )
                  FROM documents AS document
                 WHERE document.workspace_id = export.workspace_id
                   AND document.produced_by_job_id = export.id
              )
            )
       )::text AS line
  FROM table_exports AS export
 WHERE export.workspace_id = %(workspace_id)s
   AND export.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY export.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that an export has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM table_exports
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds exports with their files, and says of the documents which job has produced them.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
),
files AS (
  INSERT INTO exported_files
  SELECT file.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'files') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::exported_files,
           inner_line || jsonb_build_object('export_id', given.id)
         ) AS file
),
produced AS (
  UPDATE documents
     SET produced_by_job_id = given.id
    FROM given
   CROSS JOIN LATERAL jsonb_to_recordset(given.line -> 'documents') AS made (id uuid)
   WHERE documents.id = made.id
     AND documents.workspace_id = %(workspace_id)s
)
INSERT INTO table_exports
SELECT export.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::table_exports,
         given.line || jsonb_build_object('workspace_id', %(workspace_id)s::uuid)
       ) AS export;

-- name: taken_files :many
-- Those of some ids that a file of an export has.
SELECT id
  FROM exported_files
 WHERE id = ANY (%(ids)s::uuid[]);
