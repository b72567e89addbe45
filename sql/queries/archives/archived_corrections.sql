-- name: read :many
-- A batch of the corrections of cells in a workspace, table by table.
SELECT (
         correction.table_id || ' ' || to_char(correction.number, 'FM0000000000')
         || ' ' || to_char(correction.column_index, 'FM0000000000')
       ) AS at,
       (to_jsonb(correction) - ARRAY['corrected_by'])::text AS line
  FROM extracted_tables AS made
  JOIN cell_corrections AS correction
    ON correction.table_id = made.id
 WHERE made.workspace_id = %(workspace_id)s
   AND (correction.table_id, correction.number, correction.column_index) > (
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0 -1'), ' ', 1)::uuid,
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0 -1'), ' ', 2)::integer,
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 0 -1'), ' ', 3)::integer
       )
   AND made.id >= split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'), ' ', 1)::uuid
 ORDER BY correction.table_id, correction.number, correction.column_index
 LIMIT %(limit)s;

-- name: add :exec
-- Adds corrections of cells, unless they are there.
INSERT INTO cell_corrections
SELECT correction.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::cell_corrections,
         line || jsonb_build_object('corrected_by', %(user_id)s::uuid)
       ) AS correction
ON CONFLICT ON CONSTRAINT cell_corrections_pkey
DO NOTHING;
