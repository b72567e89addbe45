-- name: read :many
-- A batch of the tables that were extracted in a workspace, in id order, each with its suggestion.
SELECT made.id::text AS at,
       (
         to_jsonb(made) - ARRAY['workspace_id']
         || jsonb_build_object(
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
                 WHERE suggestion.table_id = made.id
              )
            )
       )::text AS line
  FROM extracted_tables AS made
 WHERE made.workspace_id = %(workspace_id)s
   AND made.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY made.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a table has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM extracted_tables
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds tables, each with its suggestion.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
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
             'document_id', NULL,
             'table_id', given.id
           )
         ) AS suggestion
)
INSERT INTO extracted_tables
SELECT made.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::extracted_tables,
         given.line || jsonb_build_object('workspace_id', %(workspace_id)s::uuid)
       ) AS made;

-- name: enter_search :many
-- Makes the tables of a batch of documents of an import found, after a document; the documents.
SELECT document.old_id,
       index_tables(document.new_id)
  FROM (
         SELECT old_id,
                new_id
           FROM archived_ids
          WHERE import_id = %(import_id)s
            AND kind = 'documents'
            AND old_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
          ORDER BY old_id
          LIMIT %(limit)s
       ) AS document;
