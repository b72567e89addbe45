-- Search by meaning: vectors of what texts say, where the server has pgvector.
--
-- Everything here exists on every server, except the column `vector` of `embeddings`: `add_vectors` adds it, and
-- with it the extension, as soon as the server has pgvector and permits it. Functions that name the column
-- are in PL/pgSQL, which looks it up when it is needed. Without it, nothing is queued and nothing is found by
-- meaning.

-- The models that vectors were made by. Vectors of different models say nothing about each other, so only those of
-- the current one are searched. When a model becomes current, all texts are queued, in the order of their
-- ids: `filled_to` is the last one, `filled_at` when all were. `dimensions` is known from the first vector on.
-- Texts with a cosine below `least_alike`, which is measured, have nothing to do with each other.
CREATE TABLE embedding_models (
  id         smallint    GENERATED ALWAYS AS IDENTITY,
  name       text        NOT NULL,
  dimensions integer,
  least_alike real,
  is_current boolean     NOT NULL DEFAULT false,
  filled_to  uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  filled_at  timestamptz,
  CONSTRAINT embedding_models_pkey PRIMARY KEY (id),
  CONSTRAINT embedding_models_name_is_unique UNIQUE (name)
);

COMMENT ON TABLE embedding_models IS 'Stays small: one row for each model that was ever used.';

CREATE UNIQUE INDEX embedding_models_only_one_is_current ON embedding_models (is_current) WHERE is_current;

-- One passage of a thing's text each: `length` characters of the body in its view, from `starts_at` (the first one
-- is 1) on, which for a document are on a `page`. The rows of a thing are replaced together.
--
-- Vectors are compared one by one, those of a workspace: no index finds the nearest of one tenant among
-- those of all without missing some. So they have to be in the row, not beside it: up to 4,000 numbers of two
-- bytes fit into a page.
CREATE TABLE embeddings (
  entity_id    uuid     NOT NULL,
  number       smallint NOT NULL,
  workspace_id uuid     NOT NULL,
  audience     uuid     NOT NULL,
  model_id     smallint NOT NULL,
  is_discarded boolean  NOT NULL,
  page         integer,
  starts_at    integer  NOT NULL,
  length       integer  NOT NULL,
  CONSTRAINT embeddings_pkey PRIMARY KEY (entity_id, number),
  CONSTRAINT embeddings_entry_exists FOREIGN KEY (entity_id)
    REFERENCES search_entries (id) ON DELETE CASCADE,
  CONSTRAINT embeddings_model_exists FOREIGN KEY (model_id) REFERENCES embedding_models (id)
) WITH (toast_tuple_target = 8160);

CREATE INDEX embeddings_by_audience ON embeddings (workspace_id, audience, model_id);

CREATE FUNCTION has_vectors()
RETURNS boolean
LANGUAGE sql
STABLE
RETURN EXISTS (
  SELECT
    FROM pg_attribute
   WHERE attrelid = 'public.embeddings'::regclass
     AND attname = 'vector'
     AND NOT attisdropped
);

-- Adds the extension and the column, unless they are there. Returns what is the case: 'ready'; 'missing', if the
-- server does not have pgvector; 'not_permitted', if this role may not add it; 'too_old', if it has no `halfvec`.
CREATE FUNCTION add_vectors()
RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
  IF has_vectors() THEN
    RETURN 'ready';
  END IF;
  IF to_regtype('halfvec') IS NULL THEN
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
      RETURN 'missing';
    END IF;
    BEGIN
      CREATE EXTENSION IF NOT EXISTS vector;
    EXCEPTION
      WHEN insufficient_privilege THEN
        RETURN 'not_permitted';
    END;
    IF to_regtype('halfvec') IS NULL THEN
      RETURN 'too_old';
    END IF;
  END IF;
  DELETE FROM embeddings;
  UPDATE embedding_models
     SET filled_to = DEFAULT,
         filled_at = NULL;
  ALTER TABLE embeddings ADD COLUMN vector halfvec NOT NULL;
  RETURN 'ready';
END
$$;

-- Everything that is embedded. A noun joins with a view `embeddable_<noun>` with these columns, which are those of
-- its view `searchable_<noun>`, and a call of `make_embeddable`.
CREATE VIEW embeddable
WITH (security_invoker = true)
AS
SELECT NULL::uuid AS id,
       NULL::text AS type,
       NULL::uuid AS workspace_id,
       NULL::uuid AS audience,
       NULL::text AS status,
       NULL::text AS title,
       NULL::text AS summary,
       NULL::text AS body
 WHERE false;

-- A thing is new, or its text has changed: it is queued, and if it was queued, the work begins anew. Its old
-- vectors stay until it is done; if nothing is embedded now, they would stay forever, so they go.
CREATE FUNCTION enter_vectors()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM embedding_models WHERE is_current) THEN
    DELETE FROM embeddings WHERE entity_id = NEW.id;
    RETURN NULL;
  END IF;
  INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id, traceparent)
  VALUES (
    'embed_texts',
    NEW.id,
    NEW.workspace_id,
    nullif(current_setting('coffer.request_id', true), ''),
    nullif(current_setting('coffer.traceparent', true), '')
  )
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO UPDATE
        SET run_after = EXCLUDED.run_after,
            attempts = 0,
            claim = NULL,
            claimed_by = NULL,
            cut_off = 0,
            last_error = NULL,
            enqueued_at = EXCLUDED.enqueued_at
      WHERE queued.claim IS NOT NULL
         OR queued.attempts > 0;
  DELETE FROM dead_letters
   WHERE kind = 'embed_texts'
     AND subject_id = NEW.id;
  RETURN NULL;
END
$$;

-- It was moved to the trash, or restored. The entry is locked first, as `save_embeddings` does: what is being
-- saved is not missed.
CREATE FUNCTION move_in_vectors()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM search_entries WHERE id = NEW.id FOR UPDATE;
  UPDATE embeddings
     SET is_discarded = NEW.status = 'discarded'
   WHERE entity_id = NEW.id;
  RETURN NULL;
END
$$;

-- Makes the rows of a table, which is searchable, embeddable too: from now on changes of the columns `texts` are
-- followed. The triggers are named so that they come after those of the search, which lock the entry.
CREATE PROCEDURE make_embeddable(noun regclass, texts text[])
LANGUAGE plpgsql
AS $$
DECLARE
  before CONSTANT text := (SELECT string_agg(format('OLD.%I', name), ', ') FROM unnest(texts) AS name);
  after CONSTANT text := (SELECT string_agg(format('NEW.%I', name), ', ') FROM unnest(texts) AS name);
BEGIN
  CALL unite_views('embeddable');
  EXECUTE format(
    'CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION enter_vectors()',
    noun || '_enter_vectors',
    noun
  );
  EXECUTE format(
    'CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN ((%s) IS DISTINCT FROM (%s))'
      ' EXECUTE FUNCTION enter_vectors()',
    noun || '_refresh_vectors',
    noun,
    before,
    after
  );
  EXECUTE format(
    'CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW'
      ' WHEN ((OLD.status = ''discarded'') <> (NEW.status = ''discarded''))'
      ' EXECUTE FUNCTION move_in_vectors()',
    noun || '_move_in_vectors',
    noun
  );
END
$$;

CREATE VIEW embeddable_items
WITH (security_invoker = true)
AS
SELECT id, type, workspace_id, audience, status, title, summary, body
  FROM searchable_items;

CALL make_embeddable('items', '{title,summary,raw_text,content}');

CREATE VIEW embeddable_documents
WITH (security_invoker = true)
AS
SELECT id, type, workspace_id, audience, status, title, summary, body
  FROM searchable_documents;

CALL make_embeddable('documents', '{title,name,summary,text_id}');

CREATE VIEW embeddable_tasks
WITH (security_invoker = true)
AS
SELECT id, type, workspace_id, audience, status, title, summary, body
  FROM searchable_tasks;

CALL make_embeddable('tasks', '{title,description}');

-- Replaces the vectors of a thing; each is written like '[0.6,0.8]' and has the length 1. Returns whether it did: not
-- if the thing is gone, another model is current now, or the model has other dimensions.
CREATE FUNCTION save_embeddings(
  of_entity uuid,
  of_model  smallint,
  pages     integer[],
  starts    integer[],
  lengths   integer[],
  vectors   text[]
)
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  made_of CONSTANT integer := cardinality(string_to_array(vectors[1], ','));
  known integer;
BEGIN
  SELECT dimensions
    INTO known
    FROM embedding_models
   WHERE id = of_model
     AND is_current;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF known IS NULL AND made_of IS NOT NULL THEN
    UPDATE embedding_models
       SET dimensions = coalesce(dimensions, made_of)
     WHERE id = of_model
    RETURNING dimensions INTO known;
  END IF;
  IF made_of <> known THEN
    RETURN false;
  END IF;
  PERFORM FROM search_entries WHERE id = of_entity FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM embeddings WHERE entity_id = of_entity;
  INSERT INTO embeddings
    (entity_id, number, workspace_id, audience, model_id, is_discarded, page, starts_at, length, vector)
  SELECT thing.id,
         passage.number,
         thing.workspace_id,
         thing.audience,
         of_model,
         thing.status = 'discarded',
         passage.page,
         passage.starts_at,
         passage.length,
         passage.vector::halfvec
    FROM embeddable AS thing
   CROSS JOIN unnest(pages, starts, lengths, vectors)
              WITH ORDINALITY AS passage (page, starts_at, length, vector, number)
   WHERE thing.id = of_entity;
  RETURN true;
END
$$;

-- What is nearest to a vector, each thing once, with its nearest passage: among some things, or, if `among` is null,
-- among all of a workspace that some audiences may find and that is not in the trash. `likeness` is the cosine.
--
-- To sort out some of the nearest passages takes half as long as to find the nearest one of each thing. Only if they
-- are of too few things, which have very many passages, the others are looked through as well. A plan for any workspace would expect a few
-- passages, and so not be carried out by several processes: it is made each time.
CREATE FUNCTION nearest(
  of_workspace uuid,
  audiences    uuid[],
  among        uuid[],
  of_model     smallint,
  given        real[],
  most         integer
)
RETURNS TABLE (id uuid, likeness real, page integer, starts_at integer, length integer)
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  IF among IS NULL THEN
    RETURN QUERY
    WITH passages AS MATERIALIZED (
      SELECT embedding.entity_id,
             embedding.number,
             embedding.page,
             embedding.starts_at,
             embedding.length,
             embedding.vector <#> (SELECT given::halfvec) AS distance
        FROM embeddings AS embedding
       WHERE embedding.workspace_id = of_workspace
         AND embedding.audience = ANY (audiences)
         AND embedding.model_id = of_model
         AND NOT embedding.is_discarded
       ORDER BY distance
       LIMIT most * 10
    ),
    things AS MATERIALIZED (
      SELECT DISTINCT ON (passage.entity_id)
             passage.entity_id,
             passage.distance,
             passage.page,
             passage.starts_at,
             passage.length
        FROM passages AS passage
       ORDER BY passage.entity_id, passage.distance, passage.number
    ),
    others AS (
      SELECT embedding.entity_id, min(embedding.vector <#> (SELECT given::halfvec)) AS distance
        FROM embeddings AS embedding
       WHERE embedding.workspace_id = of_workspace
         AND embedding.audience = ANY (audiences)
         AND embedding.model_id = of_model
         AND NOT embedding.is_discarded
         AND (SELECT count(*) FROM passages) = most * 10
         AND (SELECT count(*) FROM things) < most
         AND embedding.entity_id <> ALL (ARRAY(SELECT things.entity_id FROM things))
       GROUP BY embedding.entity_id
       ORDER BY distance, embedding.entity_id
       LIMIT most
    ),
    found AS (
      SELECT thing.entity_id, thing.distance, thing.page, thing.starts_at, thing.length
        FROM things AS thing
       UNION ALL
      SELECT other.entity_id, other.distance, passage.page, passage.starts_at, passage.length
        FROM others AS other
       CROSS JOIN LATERAL nearest_passage(other.entity_id, of_model, given) AS passage
    )
    SELECT found.entity_id, -found.distance::real, found.page, found.starts_at, found.length
      FROM found
     ORDER BY found.distance, found.entity_id
     LIMIT most;
  ELSE
    RETURN QUERY
    SELECT thing.entity_id, -thing.distance::real, passage.page, passage.starts_at, passage.length
      FROM (
             SELECT embedding.entity_id, min(embedding.vector <#> (SELECT given::halfvec)) AS distance
               FROM embeddings AS embedding
              WHERE embedding.entity_id = ANY (among)
                AND embedding.model_id = of_model
              GROUP BY embedding.entity_id
              ORDER BY distance, embedding.entity_id
              LIMIT most
           ) AS thing
     CROSS JOIN LATERAL nearest_passage(thing.entity_id, of_model, given) AS passage
     ORDER BY thing.distance, thing.entity_id;
  END IF;
END
$$;

-- The passage of a thing that is nearest to a vector.
CREATE FUNCTION nearest_passage(of_entity uuid, of_model smallint, given real[])
RETURNS TABLE (page integer, starts_at integer, length integer)
LANGUAGE plpgsql
STABLE
ROWS 1
AS $$
BEGIN
  RETURN QUERY
  SELECT embedding.page, embedding.starts_at, embedding.length
    FROM embeddings AS embedding
   WHERE embedding.entity_id = of_entity
     AND embedding.model_id = of_model
   ORDER BY embedding.vector <#> (SELECT given::halfvec), embedding.number
   LIMIT 1;
END
$$;

DO 'BEGIN PERFORM add_vectors(); END';

INSERT INTO schedules (kind, cron)
VALUES ('fill_embeddings', '* * * * *');
