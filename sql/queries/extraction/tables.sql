-- name: job_status :value
-- The status of a job of a workspace; a document's, if it is named.
SELECT status
  FROM jobs
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND document_id = coalesce(%(document_id)s, document_id);

-- name: list_of_job :many
-- The tables of a job, in reading order.
SELECT *,
       sequence_index AS position
  FROM table_answers(%(workspace_id)s)
 WHERE job_id = %(job_id)s
   AND sequence_index > coalesce(%(after)s, -1)
 ORDER BY sequence_index
 LIMIT %(limit)s;

-- name: latest_job :value
-- The latest succeeded job of a document; null if there is none.
SELECT latest_job(%(document_id)s);

-- name: get :one
-- A table, as it is seen from a workspace.
SELECT *
  FROM table_answers(home_to_read_table(%(id)s, %(workspace_id)s))
 WHERE id = %(id)s;

-- name: rows :many
-- The rows of a table after a number, as they count.
SELECT number,
       page,
       texts,
       "values",
       mistakes,
       CASE WHEN corrected <> '{}' THEN read_texts END AS read_texts,
       number AS position
  FROM row_answers(%(table_id)s, coalesce(%(after)s::integer, 0))
 ORDER BY number
 LIMIT %(limit)s;

-- name: rows_with_cells :many
-- The same with what is known of each cell. Who corrected a cell is told in the table's workspace.
SELECT line.number,
       line.page,
       line.texts,
       line."values",
       line.mistakes,
       CASE WHEN line.corrected <> '{}' THEN line.read_texts END AS read_texts,
       line.read_texts AS all_read_texts,
       line.read_values,
       line.boxes,
       line.confidences,
       line.doubts,
       (
         SELECT coalesce(
                  jsonb_object_agg(
                    made.column_index,
                    jsonb_build_object(
                      'corrected_by', CASE
                        WHEN place.workspace_id = %(workspace_id)s THEN made.corrected_by
                      END,
                      'corrected_at', to_char(
                        made.corrected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
                      ),
                      'is_carried', made.is_carried
                    )
                  ),
                  '{}'
                )
           FROM cell_corrections AS made
           JOIN extracted_tables AS place
             ON place.id = made.table_id
          WHERE made.table_id = %(table_id)s
            AND made.number = line.number
       ) AS corrections,
       line.number AS position
  FROM row_answers(%(table_id)s, coalesce(%(after)s::integer, 0)) AS line
 ORDER BY line.number
 LIMIT %(limit)s;
