-- name: hold_table :one
-- A table that may be corrected from a workspace, locked until the transaction ends, and what its
-- configuration says. The database refuses what a share does not allow.
WITH held AS (
  SELECT id, workspace_id, job_id
    FROM extracted_tables
   WHERE id = %(id)s
     AND workspace_id = home_to_correct_table(%(id)s, %(workspace_id)s)
     FOR NO KEY UPDATE
)
SELECT shown.*,
       held.workspace_id,
       configuration.body
  FROM held
  JOIN jobs AS job
    ON job.id = held.job_id
  JOIN configurations AS configuration
    ON configuration.id = job.configuration_id
 CROSS JOIN LATERAL table_answers(held.workspace_id) AS shown
 WHERE shown.id = held.id;

-- name: read_texts :many
-- The texts as read of a table's first rows.
SELECT texts
  FROM extracted_rows
 WHERE table_id = %(table_id)s
 ORDER BY number
 LIMIT 1000;

-- name: keep :exec
-- Corrects cells of a row of a table.
INSERT INTO cell_corrections AS correction
  (table_id, number, column_index, document_id, text, value, corrected_by)
SELECT %(table_id)s,
       %(number)s,
       given.column_index,
       %(document_id)s,
       given.text,
       given.value,
       %(corrected_by)s
  FROM unnest(%(column_indexes)s::integer[], %(texts)s::text[], %(values)s::jsonb[])
       AS given (column_index, text, value)
ON CONFLICT ON CONSTRAINT cell_corrections_pkey
DO UPDATE
      SET text = EXCLUDED.text,
          value = EXCLUDED.value,
          is_mistake = false,
          is_carried = false,
          is_latest = true,
          corrected_by = EXCLUDED.corrected_by,
          corrected_at = now()
    WHERE correction.text <> EXCLUDED.text
       OR correction.is_mistake;

-- name: take_back :exec
-- Takes the corrections of some cells of a row back, so that what was read counts again.
DELETE FROM cell_corrections
 WHERE table_id = %(table_id)s
   AND number = %(number)s
   AND column_index = ANY (%(column_indexes)s::integer[]);

-- name: count :exec
-- Adds to the numbers of a table's cells that are mistakes, and that await a look.
UPDATE extracted_tables
   SET mistake_count = mistake_count + %(mistakes)s,
       doubt_count = doubt_count + %(doubts)s
 WHERE id = %(table_id)s;

-- name: index :exec
-- Lets a table be found by what people have written in it.
UPDATE table_texts
   SET corrected = corrected_texts(id)
 WHERE id = %(table_id)s;
