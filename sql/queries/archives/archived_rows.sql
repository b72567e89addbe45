-- name: read :many
-- A batch of the rows of the tables that were extracted in a workspace, table by table.
SELECT (row.table_id || ' ' || to_char(row.number, 'FM0000000000')) AS at,
       to_jsonb(row)::text AS line
  FROM extracted_tables AS made
  JOIN extracted_rows AS row
    ON row.table_id = made.id
 WHERE made.workspace_id = %(workspace_id)s
   AND (row.table_id, row.number) > (
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0'), ' ', 1)::uuid,
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0'), ' ', 2)::integer
       )
   AND made.id >= split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0'), ' ', 1)::uuid
 ORDER BY row.table_id, row.number
 LIMIT %(limit)s;

-- name: add :exec
-- Adds rows of tables, unless they are there.
INSERT INTO extracted_rows
SELECT row.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(NULL::extracted_rows, line) AS row
ON CONFLICT ON CONSTRAINT extracted_rows_pkey
DO NOTHING;
