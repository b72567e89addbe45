-- Corrections: what people wrote in place of what was read in the cells of extracted tables.

-- What was read stays in `extracted_rows`; a correction is the `text` that counts instead, and its
-- `value` by the column's type: JSON's null where the text is empty, or, which is a mistake, not of the
-- type. `column_index` counts from 0. `is_carried` says that it was made in an earlier run, `is_latest`
-- that no later one has taken it over.
CREATE TABLE cell_corrections (
  table_id     uuid        NOT NULL,
  number       integer     NOT NULL,
  column_index integer     NOT NULL,
  document_id  uuid        NOT NULL,
  text         text        NOT NULL,
  value        jsonb       NOT NULL,
  is_mistake   boolean     NOT NULL DEFAULT false,
  is_carried   boolean     NOT NULL DEFAULT false,
  is_latest    boolean     NOT NULL DEFAULT true,
  corrected_by uuid        NOT NULL,
  corrected_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT cell_corrections_pkey PRIMARY KEY (table_id, number, column_index),
  CONSTRAINT cell_corrections_row_exists FOREIGN KEY (table_id, number)
    REFERENCES extracted_rows (table_id, number) ON DELETE CASCADE,
  CONSTRAINT cell_corrections_corrector_exists FOREIGN KEY (corrected_by) REFERENCES users (id),
  CONSTRAINT cell_corrections_text_is_at_most_10000_characters CHECK (length(text) <= 10000)
);

-- What the next run of a document takes over.
CREATE INDEX cell_corrections_to_carry ON cell_corrections (document_id) WHERE is_latest;

-- A row of an extracted table as it counts: `texts`, `values` and `mistakes` with the corrections in
-- place, and `read_texts`, `read_values` without. `corrected` are the columns with a correction, from 0.
CREATE TYPE row_answer AS (
  number      integer,
  page        integer,
  texts       text[],
  "values"    jsonb,
  mistakes    integer[],
  read_texts  text[],
  read_values jsonb,
  boxes       real[],
  confidences real[],
  corrected   integer[]
);

-- The rows of an extracted table after a number, in no order.
CREATE FUNCTION row_answers(of_table uuid, after integer DEFAULT 0)
RETURNS SETOF row_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT line.number,
         line.page,
         CASE
           WHEN correction.places IS NULL THEN line.texts
           ELSE ARRAY(
             SELECT coalesce(correction.texts[array_position(correction.places, place)], read.text)
               FROM unnest(line.texts) WITH ORDINALITY AS read (text, number)
              CROSS JOIN LATERAL (SELECT read.number::integer - 1 AS place) AS counted
              ORDER BY place
           )
         END,
         CASE
           WHEN correction.places IS NULL THEN line."values"
           ELSE (
             SELECT jsonb_agg(
                      coalesce(
                        correction."values"[array_position(correction.places, place)], read.value
                      )
                      ORDER BY place
                    )
               FROM jsonb_array_elements(line."values") WITH ORDINALITY AS read (value, number)
              CROSS JOIN LATERAL (SELECT read.number::integer - 1 AS place) AS counted
           )
         END,
         CASE
           WHEN correction.places IS NULL THEN line.mistakes
           ELSE ARRAY(
             SELECT place
               FROM unnest(line.mistakes) AS place
              WHERE place <> ALL (correction.places)
              UNION ALL
             SELECT place
               FROM unnest(correction.mistakes) AS place
              ORDER BY place
           )
         END,
         line.texts,
         line."values",
         line.boxes,
         line.confidences,
         coalesce(correction.places, '{}')
    FROM extracted_rows AS line
    LEFT JOIN (
           SELECT made.number,
                  array_agg(made.column_index ORDER BY made.column_index) AS places,
                  array_agg(made.text ORDER BY made.column_index) AS texts,
                  array_agg(made.value ORDER BY made.column_index) AS "values",
                  coalesce(
                    array_agg(made.column_index ORDER BY made.column_index)
                      FILTER (WHERE made.is_mistake),
                    '{}'
                  ) AS mistakes
             FROM cell_corrections AS made
            WHERE made.table_id = of_table
              AND made.number > after
            GROUP BY made.number
         ) AS correction
      ON correction.number = line.number
   WHERE line.table_id = of_table
     AND line.number > after
$$;
