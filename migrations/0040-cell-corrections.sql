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

-- How many cells await a look: mistakes, and what was read with little confidence. `mistake_count` is
-- from now on of what counts, with the corrections in place.
ALTER TABLE extracted_tables
  ADD COLUMN doubt_count integer NOT NULL DEFAULT 0;

-- What the next run of a document takes over.
CREATE INDEX cell_corrections_to_carry ON cell_corrections (document_id) WHERE is_latest;

-- The columns of a row whose text was read with little confidence.
CREATE FUNCTION dim_columns(texts text[], confidences real[])
RETURNS integer[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN ARRAY(
  SELECT read.number::integer - 1
    FROM unnest(texts, confidences) WITH ORDINALITY AS read (text, confidence, number)
   WHERE read.confidence < 0.6
     AND read.text <> ''
);

-- A row of an extracted table as it counts: `texts`, `values` and `mistakes` with the corrections in
-- place, and `read_texts`, `read_values` without. `corrected` are the columns with a correction, and
-- `doubts` those that await a look: mistakes, and what was read with little confidence. Columns count
-- from 0.
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
  corrected   integer[],
  doubts      integer[]
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
              UNION
             SELECT unnest(correction.mistakes)
              ORDER BY place
           )
         END,
         line.texts,
         line."values",
         line.boxes,
         line.confidences,
         coalesce(correction.places, '{}'),
         ARRAY(
           SELECT place
             FROM unnest(line.mistakes || dim_columns(line.texts, line.confidences)) AS place
            WHERE place <> ALL (coalesce(correction.places, '{}'))
            UNION
           SELECT unnest(correction.mistakes)
            ORDER BY place
         )
    FROM extracted_rows AS line
    LEFT JOIN (
           SELECT made.number,
                  array_agg(made.column_index ORDER BY made.column_index) AS places,
                  array_agg(made.text ORDER BY made.column_index) AS texts,
                  array_agg(made.value ORDER BY made.column_index) AS "values",
                  array_agg(made.column_index ORDER BY made.column_index)
                    FILTER (WHERE made.is_mistake) AS mistakes
             FROM cell_corrections AS made
            WHERE made.table_id = of_table
              AND made.number > after
            GROUP BY made.number
         ) AS correction
      ON correction.number = line.number
   WHERE line.table_id = of_table
     AND line.number > after
$$;

-- The workspace of a table that is read from a workspace, as of its document; null if it is out of
-- reach.
CREATE FUNCTION home_to_read_table(of_table uuid, from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
BEGIN
  RETURN (
    SELECT home_to_read_document(document_id, from_workspace)
      FROM extracted_tables
     WHERE id = of_table
  );
END
$$;

-- The same for a table that is to be corrected, which takes the level 'write' of a share.
CREATE FUNCTION home_to_correct_table(of_table uuid, from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
STRICT
AS $$
BEGIN
  RETURN (
    SELECT home_to_change_document(document_id, from_workspace, 'write')
      FROM extracted_tables
     WHERE id = of_table
  );
END
$$;

-- A table as responses show it; `sample` has its first rows.
CREATE TYPE table_answer AS (
  id             uuid,
  job_id         uuid,
  document_id    uuid,
  sequence_index integer,
  title          text,
  method         text,
  confidence     real,
  pages          integer[],
  box            real[],
  columns        jsonb,
  row_count      integer,
  mistake_count  integer,
  doubt_count    integer,
  continued_from integer,
  provenance     jsonb,
  sample         jsonb
);

-- The tables of a workspace's succeeded jobs as responses show them.
CREATE FUNCTION table_answers(of_workspace uuid)
RETURNS SETOF table_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT made.id,
         made.job_id,
         made.document_id,
         made.sequence_index,
         made.title,
         made.method,
         made.confidence,
         made.pages,
         made.box,
         made.columns,
         made.row_count,
         made.mistake_count,
         made.doubt_count,
         made.continued_from,
         jsonb_build_object(
           'job_id', job.id,
           'configuration_id', job.configuration_id,
           'configuration_version', job.configuration_version,
           'document_id', job.document_id,
           'document_version', version.number,
           'sha256', encode(version.sha256, 'hex'),
           'extracted_at', to_char(job.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
         ),
         (
           SELECT coalesce(
                    jsonb_agg(
                      jsonb_build_object(
                        'number', line.number,
                        'page', line.page,
                        'texts', line.texts,
                        'values', line."values",
                        'mistakes', line.mistakes,
                        'read_texts', CASE WHEN line.corrected <> '{}' THEN line.read_texts END
                      )
                      ORDER BY line.number
                    ),
                    '[]'
                  )
             FROM row_answers(made.id) AS line
            WHERE line.number <= 5
         )
    FROM extracted_tables AS made
    JOIN jobs AS job
      ON job.id = made.job_id
    JOIN document_versions AS version
      ON version.id = job.version_id
   WHERE made.workspace_id = of_workspace
     AND job.status = 'succeeded'
$$;
