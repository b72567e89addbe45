-- Search: tables are found by their title, their headings and the texts of their cells.

-- What of a table is found; `id` is the table's. Only the tables of a document's latest job that succeeded
-- have a row, so nothing is found twice, and they are `ready`, or `discarded` while the document is.
-- `words` is the cells' part of the search vector, which is made once, and `corrected` has the texts that
-- people have written since.
CREATE TABLE table_texts (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  document_id  uuid        NOT NULL,
  status       text        NOT NULL,
  config       text        NOT NULL,
  title        text        NOT NULL,
  headings     text        NOT NULL,
  beginning    text        NOT NULL,
  corrected    text,
  words        tsvector    NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT table_texts_pkey PRIMARY KEY (id),
  CONSTRAINT table_texts_table_exists FOREIGN KEY (id)
    REFERENCES extracted_tables (id) ON DELETE CASCADE
);

CREATE INDEX table_texts_by_document ON table_texts (document_id);

CREATE VIEW searchable_table_texts
WITH (security_invoker = true)
AS
SELECT found.id,
       'table' AS type,
       found.workspace_id,
       found.workspace_id AS audience,
       'table' AS kind,
       found.status,
       found.config,
       found.title,
       found.headings AS summary,
       found.corrected AS origin,
       found.beginning AS body,
       NULL::text AS source_url,
       '{}'::uuid[] AS tag_ids,
       found.created_at,
       '{}'::text[] AS facets,
       found.words
  FROM table_texts AS found;

CALL make_searchable('table_texts');

-- The texts that people have written in a table.
CREATE FUNCTION corrected_texts(of_table uuid)
RETURNS text
LANGUAGE sql
STABLE
AS $$
  SELECT left(string_agg(text, ' ' ORDER BY number, column_index), 50000)
    FROM cell_corrections
   WHERE table_id = of_table
$$;

-- Of a table, the first 10,000 rows and 500,000 characters are found: the words of more would take
-- seconds when a job is saved, and soon exceed what a vector holds.
CREATE FUNCTION cell_texts(of_table uuid)
RETURNS text
LANGUAGE sql
STABLE
AS $$
  SELECT coalesce(left(string_agg(array_to_string(texts, ' '), E'\n' ORDER BY number), 500000), '')
    FROM extracted_rows
   WHERE table_id = of_table
     AND number <= 10000
$$;

-- The latest job of a document that succeeded.
CREATE FUNCTION latest_job(of_document uuid)
RETURNS uuid
LANGUAGE sql
STABLE
AS $$
  SELECT id
    FROM jobs
   WHERE document_id = of_document
     AND status = 'succeeded'
   ORDER BY id DESC
   LIMIT 1
$$;

-- Makes the tables of a document's latest job that succeeded found, and no others.
CREATE FUNCTION index_tables(of_document uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  latest CONSTANT uuid := latest_job(of_document);
BEGIN
  DELETE FROM table_texts AS found
   USING extracted_tables AS made
   WHERE found.document_id = of_document
     AND made.id = found.id
     AND made.job_id IS DISTINCT FROM latest;
  INSERT INTO table_texts
    (id, workspace_id, document_id, status, config, title, headings, beginning, corrected, words)
  SELECT made.id,
         made.workspace_id,
         made.document_id,
         CASE document.status WHEN 'discarded' THEN 'discarded' ELSE 'ready' END,
         language.config,
         coalesce(nullif(made.title, ''), 'Table ' || made.sequence_index + 1),
         (
           SELECT coalesce(left(string_agg(column_ ->> 'heading', ', '), 10000), '')
             FROM jsonb_array_elements(made.columns) AS column_
            WHERE column_ ->> 'heading' <> ''
         ),
         left(cells.texts, 2000),
         corrected_texts(made.id),
         search_long(language.config::regconfig, cells.texts)
    FROM extracted_tables AS made
    JOIN documents AS document
      ON document.id = made.document_id
   CROSS JOIN LATERAL (SELECT search_config(document.language) AS config) AS language
   CROSS JOIN LATERAL (SELECT cell_texts(made.id) AS texts) AS cells
   WHERE made.job_id = latest
     AND NOT made.is_rejected
   ORDER BY made.id
  ON CONFLICT ON CONSTRAINT table_texts_pkey
  DO NOTHING;
END
$$;

-- Called for a job that succeeded, or is gone with the version that it was run on.
CREATE FUNCTION renew_index_of_tables()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM index_tables(coalesce(NEW.document_id, OLD.document_id));
  RETURN NULL;
END
$$;

CREATE TRIGGER jobs_that_succeed_enter_search
  AFTER UPDATE ON jobs
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status = 'succeeded')
  EXECUTE FUNCTION renew_index_of_tables();

CREATE TRIGGER jobs_that_are_gone_leave_search
  AFTER DELETE ON jobs
  FOR EACH ROW
  WHEN (OLD.status = 'succeeded')
  EXECUTE FUNCTION renew_index_of_tables();

-- The tables of a document in the trash are in the trash.
CREATE FUNCTION discard_tables_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE table_texts
     SET status = CASE NEW.status WHEN 'discarded' THEN 'discarded' ELSE 'ready' END
   WHERE document_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER documents_take_their_tables_along_in_search
  AFTER UPDATE ON documents
  FOR EACH ROW
  WHEN ((OLD.status = 'discarded') <> (NEW.status = 'discarded'))
  EXECUTE FUNCTION discard_tables_in_search();

-- The first row of a table that has a hit, as text, and the page it is on. No row if none of the first
-- rows that seem to have one has one, as for `search_hit`.
CREATE FUNCTION search_table_hit(of_table uuid, config regconfig, hits tsquery)
RETURNS TABLE (page integer, shown text)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  most_parsed CONSTANT integer := 100;
  most_shown CONSTANT integer := 4000;
  roots text[] := ARRAY(
    SELECT left(replace(found.stem[1], $q$''$q$, $q$'$q$), greatest(length(found.stem[1]) - 2, 3))
      FROM regexp_matches(hits::text, $q$'((?:[^']|'')+)'$q$, 'g') AS found (stem)
  );
  likely record;
BEGIN
  FOR likely IN
    SELECT line.page, line.text
      FROM (
             SELECT answer.number,
                    answer.page,
                    left(array_to_string(answer.texts, ' · '), most_shown) AS text
               FROM row_answers(of_table) AS answer
              WHERE answer.number <= 10000
           ) AS line
     WHERE EXISTS (SELECT FROM unnest(roots) AS root WHERE strpos(lower(line.text), root) > 0)
     ORDER BY line.number
     LIMIT most_parsed
  LOOP
    IF to_tsvector(config, search_text(likely.text)) @@ hits THEN
      page := likely.page;
      shown := likely.text;
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
END
$$;

DO $$
BEGIN
  PERFORM index_tables(document.document_id)
     FROM (SELECT DISTINCT document_id FROM extracted_tables) AS document;
END
$$;
