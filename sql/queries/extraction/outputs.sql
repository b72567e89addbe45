-- name: add_tables :many
-- Saves the tables of a job, in their order; the id of each.
INSERT INTO extracted_tables
  (
    workspace_id,
    job_id,
    document_id,
    sequence_index,
    title,
    method,
    confidence,
    pages,
    box,
    columns,
    row_count,
    mistake_count,
    continued_from
  )
SELECT %(workspace_id)s,
       %(job_id)s,
       %(document_id)s,
       given.sequence_index,
       given.title,
       given.method,
       given.confidence,
       given.pages,
       given.box,
       given.columns,
       given.row_count,
       given.mistake_count,
       given.continued_from
  FROM jsonb_to_recordset(%(tables)s::jsonb) AS given (
         sequence_index integer,
         title text,
         method text,
         confidence real,
         pages integer[],
         box real[],
         columns jsonb,
         row_count integer,
         mistake_count integer,
         continued_from integer
       )
 ORDER BY given.sequence_index
RETURNING id, sequence_index;

-- name: add_rows :exec
-- Saves many rows of a job's tables. What is a list in a row is given as the text of an array.
INSERT INTO extracted_rows (table_id, number, page, texts, "values", mistakes, boxes, confidences)
SELECT given.table_id,
       given.number,
       given.page,
       given.texts::text[],
       given."values"::jsonb,
       given.mistakes::integer[],
       given.boxes::real[],
       given.confidences::real[]
  FROM unnest(
         %(table_ids)b::uuid[],
         %(numbers)b::integer[],
         %(pages)b::integer[],
         %(texts)b::text[],
         %(values)b::text[],
         %(mistakes)b::text[],
         %(boxes)b::text[],
         %(confidences)b::text[]
       ) AS given (table_id, number, page, texts, "values", mistakes, boxes, confidences);
