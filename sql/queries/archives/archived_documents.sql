-- name: read :many
-- A batch of a workspace's documents, in id order, with their versions, tags and suggestions, and what is
-- known of their texts. A document of which nothing has arrived yet is none.
SELECT document.id::text AS at,
       (
         to_jsonb(document)
         - ARRAY['workspace_id', 'created_by', 'text_id', 'produced_by_job_id']
         || jsonb_build_object(
              'history', (
                SELECT jsonb_agg(
                         to_jsonb(version)
                         - ARRAY['workspace_id', 'document_id', 'object_id', 'arrived_id', 'created_by']
                         || jsonb_build_object('file', archived_file(version, object.key))
                         ORDER BY version.number
                       )
                  FROM document_versions AS version
                  LEFT JOIN objects AS object
                    ON object.id = version.object_id
                   AND object.status = 'stored'
                 WHERE version.document_id = document.id
              ),
              'text', (
                SELECT to_jsonb(reading) - ARRAY['id', 'text', 'words']
                       || jsonb_build_object('file', archived_text(document))
                  FROM document_texts AS reading
                 WHERE reading.id = document.text_id
              ),
              'tags', (
                SELECT coalesce(
                         jsonb_agg(
                           jsonb_build_object('id', tag.id, 'name', tag.name, 'at', used.created_at)
                           ORDER BY tag.id
                         ),
                         '[]'
                       )
                  FROM document_tags AS used
                  JOIN tags AS tag
                    ON tag.id = used.tag_id
                 WHERE used.document_id = document.id
              ),
              'suggestions', (
                SELECT coalesce(
                         jsonb_agg(
                           to_jsonb(suggestion)
                           - ARRAY['workspace_id', 'item_id', 'document_id', 'table_id']
                           ORDER BY suggestion.id
                         ),
                         '[]'
                       )
                  FROM suggestions AS suggestion
                 WHERE suggestion.document_id = document.id
              )
            )
       )::text AS line
  FROM documents AS document
 WHERE document.workspace_id = %(workspace_id)s
   AND document.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
   AND document.status <> 'awaiting_upload'
 ORDER BY document.id
 LIMIT %(limit)s;

-- name: texts :many
-- A batch of the texts of a workspace's documents, in id order.
SELECT document.id::text AS at,
       archived_text(document) AS name,
       text.text
  FROM documents AS document
  JOIN document_texts AS text
    ON text.id = document.text_id
 WHERE document.workspace_id = %(workspace_id)s
   AND document.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
   AND document.status <> 'awaiting_upload'
 ORDER BY document.id
 LIMIT %(limit)s;

-- name: files :many
-- A batch of the files of a workspace's documents, in the order of documents and their versions.
SELECT (version.document_id || ' ' || to_char(version.number, 'FM0000000000')) AS at,
       archived_file(version, object.key) AS name,
       object.key,
       version.kind,
       encode(version.sha256, 'hex') AS sha256
  FROM document_versions AS version
  JOIN documents AS document
    ON document.id = version.document_id
   AND document.status <> 'awaiting_upload'
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE version.workspace_id = %(workspace_id)s
   AND (version.document_id, version.number) > (
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0'), ' ', 1)::uuid,
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0'), ' ', 2)::integer
       )
 ORDER BY version.document_id, version.number
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a document or a version has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM documents
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds documents with their versions, texts, tags and suggestions. Whose files are in the store is said by
-- `object_id` of a version; it is null if there was none.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id,
         CASE WHEN jsonb_typeof(line -> 'text') = 'object' THEN uuidv7() END AS text_id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
),
versions AS (
  INSERT INTO document_versions
  SELECT version.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'history') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::document_versions,
           inner_line || jsonb_build_object(
             'workspace_id', %(workspace_id)s::uuid,
             'document_id', given.id,
             'arrived_id', NULL,
             'created_by', %(user_id)s::uuid
           )
         ) AS version
),
texts AS (
  INSERT INTO document_texts (id, version_id, pages, ocr_pages, text, words, read_at)
  SELECT given.text_id,
         reading.version_id,
         reading.pages,
         reading.ocr_pages,
         reading.text,
         search_long(search_config(given.line ->> 'language')::regconfig, reading.text),
         reading.read_at
    FROM given
   CROSS JOIN LATERAL jsonb_populate_record(NULL::document_texts, given.line -> 'text') AS reading
   WHERE given.text_id IS NOT NULL
),
tagged AS (
  INSERT INTO document_tags (document_id, tag_id, created_at)
  SELECT given.id,
         used.id,
         used.at
    FROM given
   CROSS JOIN LATERAL jsonb_to_recordset(given.line -> 'tags') AS used (id uuid, at timestamptz)
    JOIN tags AS tag
      ON tag.id = used.id
     AND tag.audience = %(workspace_id)s
),
suggested AS (
  INSERT INTO suggestions
  SELECT suggestion.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'suggestions') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::suggestions,
           inner_line || jsonb_build_object(
             'workspace_id', %(workspace_id)s::uuid,
             'item_id', NULL,
             'document_id', given.id,
             'table_id', NULL
           )
         ) AS suggestion
)
INSERT INTO documents
SELECT document.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::documents,
         given.line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid,
           'text_id', given.text_id,
           'produced_by_job_id', NULL
         )
       ) AS document;

-- name: learn :exec
-- Counts anew what people decided about a document of an import, if it was classified.
SELECT keep_document_words(document.id, document.workspace_id, telling_words(document.language, text.text))
  FROM archived_ids AS named
  JOIN documents AS document
    ON document.id = named.new_id
   AND document.classified IS NOT NULL
  JOIN document_texts AS text
    ON text.id = document.text_id
 WHERE named.import_id = %(import_id)s
   AND named.kind = 'documents'
   AND named.old_id = %(old_id)s;

-- name: taken_versions :many
-- Those of some ids that a version of a document has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM document_versions
 WHERE id = ANY (%(ids)s::uuid[]);
