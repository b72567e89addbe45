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
-- from now on of what counts, with the corrections in place. `is_rejected` says that a person has found that
-- it is not a table, or not one worth keeping.
ALTER TABLE extracted_tables
  ADD COLUMN doubt_count integer NOT NULL DEFAULT 0,
  ADD COLUMN is_rejected boolean NOT NULL DEFAULT false;

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
  is_rejected    boolean,
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
         made.is_rejected,
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

-- The tables of a job that are the same as earlier tables of its document with corrections. Of tables
-- with the same headings, the first is the first and so on, if there are as many of them; otherwise the
-- one at the same place in reading order counts.
CREATE FUNCTION same_tables(of_job uuid)
RETURNS TABLE (earlier_id uuid, table_id uuid)
LANGUAGE sql
STABLE
AS $$
  WITH placed AS (
    SELECT made.id,
           made.job_id,
           made.sequence_index,
           headings.headings,
           row_number() OVER (
             PARTITION BY made.job_id, headings.headings ORDER BY made.sequence_index
           ) AS number,
           count(*) OVER (PARTITION BY made.job_id, headings.headings) AS total
      FROM extracted_tables AS made
     CROSS JOIN LATERAL (
             SELECT jsonb_path_query_array(made.columns, '$[*].heading') AS headings
           ) AS headings
     WHERE made.job_id = of_job
        OR made.job_id IN (
             SELECT corrected.job_id
               FROM jobs AS job
               JOIN cell_corrections AS correction
                 ON correction.document_id = job.document_id
                AND correction.is_latest
               JOIN extracted_tables AS corrected
                 ON corrected.id = correction.table_id
              WHERE job.id = of_job
           )
  )
  SELECT earlier.id,
         coalesce(alike.id, there.id)
    FROM placed AS earlier
    LEFT JOIN placed AS alike
      ON alike.job_id = of_job
     AND alike.headings = earlier.headings
     AND alike.number = earlier.number
     AND alike.total = earlier.total
    LEFT JOIN placed AS there
      ON there.job_id = of_job
     AND there.sequence_index = earlier.sequence_index
   WHERE earlier.job_id <> of_job
     AND coalesce(alike.id, there.id) IS NOT NULL
$$;

-- The value of a correction in a column whose type may have changed: kept if it has not, else what can be
-- read of it without knowing how values are written there; null if nothing can.
CREATE FUNCTION carried_value(value jsonb, from_type text, to_type text)
RETURNS jsonb
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT CASE
           WHEN from_type = to_type OR kept IS NULL THEN value
           WHEN to_type = 'text' THEN to_jsonb(kept)
           WHEN to_type = 'integer' AND kept ~ '^-?\d{1,15}$' THEN to_jsonb(kept::bigint)
           WHEN to_type = 'decimal' AND kept ~ '^-?\d{1,15}(\.\d+)?$' THEN to_jsonb(kept)
           WHEN to_type = 'date' AND kept ~ '^[1-9]\d{3}-(0[1-9]|1[0-2])-([0-2]\d|3[01])$' THEN
             CASE
               WHEN substr(kept, 9)::integer BETWEEN 1 AND extract(
                      day FROM make_date(substr(kept, 1, 4)::integer, substr(kept, 6, 2)::integer, 1)
                               + interval '1 month - 1 day'
                    )
                 THEN to_jsonb(kept)
               ELSE 'null'::jsonb
             END
           ELSE 'null'::jsonb
         END
    FROM (SELECT btrim(value #>> '{}') AS kept) AS canonical
);

-- Takes the corrections of earlier runs over into the tables of a job: where the cell is the same. It is
-- in the same table, in the column with the same heading, and in a row with the same texts as read in all
-- columns that both tables have. Of rows that are alike, the first is the first and so on, if there are
-- as many of them as before; otherwise none is taken to be the same.
CREATE FUNCTION carry_corrections(of_job uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  WITH same AS MATERIALIZED (
    SELECT * FROM same_tables(of_job)
  ),
  named AS MATERIALIZED (
    SELECT made.id AS table_id,
           column_.number::integer - 1 AS place,
           column_.described ->> 'type' AS type,
           coalesce(nullif(column_.described ->> 'heading', ''), column_.described ->> 'name') AS name,
           row_number() OVER (
             PARTITION BY
               made.id,
               coalesce(nullif(column_.described ->> 'heading', ''), column_.described ->> 'name')
             ORDER BY column_.number
           ) AS number
      FROM extracted_tables AS made
     CROSS JOIN jsonb_array_elements(made.columns) WITH ORDINALITY AS column_ (described, number)
     WHERE made.id IN (SELECT earlier_id FROM same UNION SELECT table_id FROM same)
  ),
  columns_ AS MATERIALIZED (
    SELECT same.earlier_id,
           same.table_id,
           earlier.place AS earlier_place,
           later.place,
           earlier.type AS earlier_type,
           later.type
      FROM same
      JOIN named AS earlier
        ON earlier.table_id = same.earlier_id
      JOIN named AS later
        ON later.table_id = same.table_id
       AND later.name = earlier.name
       AND later.number = earlier.number
  ),
  shared AS MATERIALIZED (
    SELECT earlier_id,
           table_id,
           array_agg(earlier_place ORDER BY earlier_place) AS earlier_places,
           array_agg(place ORDER BY earlier_place) AS places
      FROM columns_
     GROUP BY earlier_id, table_id
  ),
  wanted AS MATERIALIZED (
    SELECT DISTINCT shared.*,
           ARRAY(
             SELECT line.texts[place + 1]
               FROM unnest(shared.earlier_places) WITH ORDINALITY AS of_row (place, number)
              ORDER BY of_row.number
           ) AS texts
      FROM shared
      JOIN extracted_rows AS line
        ON line.table_id = shared.earlier_id
       AND line.number IN (
             SELECT correction.number
               FROM cell_corrections AS correction
              WHERE correction.table_id = shared.earlier_id
                AND correction.is_latest
           )
  ),
  -- The rows that may be meant, by their first and last text: comparing all of each row of a long table
  -- would take seconds.
  likely AS MATERIALIZED (
    SELECT wanted.*,
           line.number,
           line.texts AS read_texts,
           true AS is_earlier
      FROM wanted
      JOIN extracted_rows AS line
        ON line.table_id = wanted.earlier_id
       AND line.texts[wanted.earlier_places[1] + 1] = wanted.texts[1]
       AND line.texts[wanted.earlier_places[cardinality(wanted.earlier_places)] + 1]
           = wanted.texts[cardinality(wanted.texts)]
     UNION ALL
    SELECT wanted.*,
           line.number,
           line.texts,
           false
      FROM wanted
      JOIN extracted_rows AS line
        ON line.table_id = wanted.table_id
       AND line.texts[wanted.places[1] + 1] = wanted.texts[1]
       AND line.texts[wanted.places[cardinality(wanted.places)] + 1]
           = wanted.texts[cardinality(wanted.texts)]
  ),
  meant AS MATERIALIZED (
    SELECT earlier_id,
           table_id,
           texts,
           is_earlier,
           number,
           row_number() OVER (
             PARTITION BY earlier_id, table_id, texts, is_earlier ORDER BY number
           ) AS nth,
           count(*) OVER (PARTITION BY earlier_id, table_id, texts, is_earlier) AS total
      FROM likely
     WHERE texts = ARRAY(
             SELECT read_texts[of_row.place + 1]
               FROM unnest(CASE WHEN is_earlier THEN earlier_places ELSE places END)
                    WITH ORDINALITY AS of_row (place, number)
              ORDER BY of_row.number
           )
  ),
  carried AS MATERIALIZED (
    SELECT correction.*,
           later.table_id AS to_table,
           later.number AS to_number,
           columns_.place AS to_place,
           columns_.earlier_type,
           columns_.type
      FROM meant AS earlier
      JOIN meant AS later
        ON later.earlier_id = earlier.earlier_id
       AND later.table_id = earlier.table_id
       AND later.texts = earlier.texts
       AND later.nth = earlier.nth
       AND later.total = earlier.total
       AND earlier.is_earlier
       AND NOT later.is_earlier
      JOIN cell_corrections AS correction
        ON correction.table_id = earlier.earlier_id
       AND correction.number = earlier.number
       AND correction.is_latest
      JOIN columns_
        ON columns_.earlier_id = earlier.earlier_id
       AND columns_.table_id = later.table_id
       AND columns_.earlier_place = correction.column_index
  ),
  taken_over AS (
    UPDATE cell_corrections AS correction
       SET is_latest = false
      FROM carried
     WHERE correction.table_id = carried.table_id
       AND correction.number = carried.number
       AND correction.column_index = carried.column_index
  )
  INSERT INTO cell_corrections
    (
      table_id,
      number,
      column_index,
      document_id,
      text,
      value,
      is_mistake,
      is_carried,
      corrected_by,
      corrected_at
    )
  SELECT DISTINCT ON (to_table, to_number, to_place)
         to_table,
         to_number,
         to_place,
         document_id,
         text,
         carried_value(value, earlier_type, type),
         value <> 'null' AND carried_value(value, earlier_type, type) = 'null',
         true,
         corrected_by,
         corrected_at
    FROM carried
   ORDER BY to_table,
            to_number,
            to_place,
            corrected_at DESC;
END
$$;

-- Counts the mistakes and doubts of a job's tables.
CREATE FUNCTION settle_tables()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF EXISTS (SELECT FROM cell_corrections WHERE document_id = NEW.document_id AND is_latest) THEN
    PERFORM carry_corrections(NEW.id);
  END IF;
  UPDATE extracted_tables AS made
     SET (mistake_count, doubt_count) = (
           SELECT coalesce(sum(cardinality(line.mistakes)), 0),
                  coalesce(sum(cardinality(line.doubts)), 0)
             FROM row_answers(made.id) AS line
            WHERE line.mistakes <> '{}'
               OR line.confidences IS NOT NULL
               OR line.corrected <> '{}'
         )
   WHERE made.job_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER jobs_that_succeed_carry_corrections
  AFTER UPDATE ON jobs
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status = 'succeeded')
  EXECUTE FUNCTION settle_tables();
