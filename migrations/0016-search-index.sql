-- Search: everything that can be found, in one index over all kinds of things, maintained by triggers in
-- the transaction that changes them.
--
-- An entry's vector has the stems of its texts (weight A: title, C: summary, D: the rest) and our own
-- lexemes, which begin with a space, as no word of a text does:
--
--   ' v:17'         its volume; ' v8:9', ' v64:1' and ' v*:1' are those that contain the volume
--   ' y:article'    its type
--   ' s:confirmed'  its status
--   ' t:<id>'       one of its tags (weight B)
--   ' p:9:oak'      an exact word of its title, summary or beginning, in its shelf: the last word of a
--                   query is matched as the beginning of these
--
-- Discarded things have ' d:17' and so on instead of ' v:17', so that they do not slow down searches. A
-- volume has some 4,096 entries, a shelf eight volumes, a bookcase eight shelves. A search reads the
-- newest volume first, then as much more as is likely to contain the rest of what it needs: so a common
-- word in a large workspace costs no more than a rare one in a small workspace.

-- `audience` is who may find its entries: the workspace's id for all its members, or a user's id.
-- Shelf, bookcase and collection are numbered by their first volume.
CREATE TABLE search_volumes (
  id           integer     NOT NULL GENERATED ALWAYS AS IDENTITY,
  workspace_id uuid        NOT NULL,
  audience     uuid        NOT NULL,
  place        integer     NOT NULL,
  shelf        integer     NOT NULL,
  bookcase     integer     NOT NULL,
  collection   integer     NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT search_volumes_pkey PRIMARY KEY (id),
  CONSTRAINT search_volumes_workspace_exists FOREIGN KEY (workspace_id)
    REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX search_volumes_by_audience ON search_volumes (workspace_id, audience, id);

-- `id` is the id of the thing itself.
CREATE TABLE search_entries (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  audience     uuid        NOT NULL,
  volume       integer     NOT NULL,
  config       text        NOT NULL,
  created_at   timestamptz NOT NULL,
  vector       tsvector    NOT NULL,
  CONSTRAINT search_entries_pkey PRIMARY KEY (id),
  CONSTRAINT search_entries_volume_exists FOREIGN KEY (volume)
    REFERENCES search_volumes (id) ON DELETE CASCADE
);

-- Every search reads the entries waiting to be merged into the index: so merge a little, often.
CREATE INDEX search_entries_by_words
    ON search_entries
 USING gin (vector) WITH (gin_pending_list_limit = 512);
CREATE INDEX search_entries_by_volume ON search_entries (volume);
CREATE INDEX search_entries_by_config ON search_entries (workspace_id, config);

-- The words of the titles and summaries in a workspace, used to correct mistyped words. Two
-- transactions may both add a new word, which does no harm; a unique index would make one wait for
-- the other. A word that is removed and added at the same time may stay unknown until it is added
-- again: only guesses suffer.
CREATE TABLE search_words (
  workspace_id uuid NOT NULL,
  audience     uuid NOT NULL,
  word         text NOT NULL,
  CONSTRAINT search_words_workspace_exists FOREIGN KEY (workspace_id)
    REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE INDEX search_words_by_word ON search_words (workspace_id, audience, word);
CREATE INDEX search_words_by_trigrams
    ON search_words
 USING gin (workspace_id, audience, word gin_trgm_ops);

-- Everything that can be found. A noun joins with a view `searchable_<noun>` with these columns and
-- a call of `make_searchable`. `audience` is who may find a thing: its workspace's id, or a user's.
-- `type` and `kind` are the words that narrow a search to such things; every thing has a `status`.
-- Title, summary, origin and body are the texts in which it is found, the most important first.
CREATE VIEW searchable
WITH (security_invoker = true)
AS
SELECT NULL::uuid AS id,
       NULL::text AS type,
       NULL::uuid AS workspace_id,
       NULL::uuid AS audience,
       NULL::text AS kind,
       NULL::text AS status,
       NULL::text AS config,
       NULL::text AS title,
       NULL::text AS summary,
       NULL::text AS origin,
       NULL::text AS body,
       NULL::text AS source_url,
       NULL::uuid[] AS tag_ids,
       NULL::timestamptz AS created_at
 WHERE false;

-- The tags of a thing, in the form used in its vector.
CREATE FUNCTION search_tags(tag_ids uuid[])
RETURNS tsvector
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT coalesce(string_agg(format(''' t:%s'':1B', tag_id), ' '), '')::tsvector
    FROM unnest(tag_ids) AS tag_id
);

-- The lexemes that say where in the index a thing is, and what its status is.
CREATE FUNCTION search_place(volume search_volumes, status text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT ARRAY[
           ' s:' || status,
           kept || ':' || volume.id,
           kept || '8:' || volume.shelf,
           kept || '64:' || volume.bookcase,
           kept || '*:' || volume.collection
         ]
    FROM (SELECT CASE status WHEN 'discarded' THEN ' d' ELSE ' v' END AS kept) AS letter
);

-- The vector of a thing in a volume.
CREATE FUNCTION search_vector(entry searchable, volume search_volumes)
RETURNS tsvector
LANGUAGE sql
STABLE
AS $$
  SELECT setweight(to_tsvector(entry.config::regconfig, search_text(entry.title)), 'A')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.summary)), 'C')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.origin)), 'C')
         || gap.lexeme
         || to_tsvector(entry.config::regconfig, search_beginning(search_text(entry.body)))
         || array_to_tsvector(
              search_place(volume, entry.status)
              || ARRAY[' y:' || entry.type, ' y:' || entry.kind]
              || ARRAY(
                   SELECT ' p:' || volume.shelf || ':' || word
                     FROM unnest(
                            search_words_of(
                              concat_ws(
                                ' ', entry.title, entry.summary, entry.origin, left(entry.body, 500)
                              )
                            )
                          ) AS word
                 )
            )
         || search_tags(entry.tag_ids)
         -- One of our lexemes separates the fields, so that no phrase spans two of them.
    FROM (SELECT $q$' ':9$q$::tsvector AS lexeme) AS gap
$$;

-- The volume for an audience's next entry. About one entry in 256, chosen by the random end of its
-- id, counts the newest volume and starts another if that one is full. If two transactions start
-- one at the same time, neither waits for the other: then there are two.
CREATE FUNCTION search_volume(of_workspace uuid, of_audience uuid, entry_id uuid)
RETURNS search_volumes
LANGUAGE plpgsql
AS $$
DECLARE
  newest search_volumes;
  next_id integer;
BEGIN
  SELECT *
    INTO newest
    FROM search_volumes
   WHERE workspace_id = of_workspace
     AND audience = of_audience
   ORDER BY id DESC
   LIMIT 1;
  IF newest.id IS NULL
     OR get_byte(uuid_send(entry_id), 15) = 0
        AND (SELECT count(*) FROM search_entries WHERE volume = newest.id) >= 4096
  THEN
    next_id := nextval(pg_get_serial_sequence('search_volumes', 'id'));
    INSERT INTO search_volumes
      (id, workspace_id, audience, place, shelf, bookcase, collection)
    OVERRIDING SYSTEM VALUE
    VALUES (
      next_id,
      of_workspace,
      of_audience,
      coalesce(newest.place + 1, 0),
      CASE WHEN (newest.place + 1) % 8 > 0 THEN newest.shelf ELSE next_id END,
      CASE WHEN (newest.place + 1) % 64 > 0 THEN newest.bookcase ELSE next_id END,
      coalesce(newest.collection, next_id)
    )
    RETURNING * INTO newest;
  END IF;
  RETURN newest;
END
$$;

-- The exact words that a vector contains.
CREATE FUNCTION search_words_in(vector tsvector)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN ARRAY(
  SELECT substring(lexeme FROM '^ p:\d+:(.*)$')
    FROM unnest(tsvector_to_array(vector)) AS lexeme
   WHERE starts_with(lexeme, ' p:')
);

-- Adds these words to those an audience knows, except those of fewer than four letters, which are
-- not guessed. A subquery with LIMIT is run word by word; NOT EXISTS would be planned as a join
-- with all words.
CREATE FUNCTION search_learn(of_workspace uuid, of_audience uuid, words text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO search_words (workspace_id, audience, word)
  SELECT of_workspace,
         of_audience,
         new.word
    FROM unnest(words) AS new (word)
   WHERE length(new.word) >= 4
     AND (
           SELECT true
             FROM search_words AS known
            WHERE known.workspace_id = of_workspace
              AND known.audience = of_audience
              AND known.word = new.word
            LIMIT 1
         ) IS NULL;
END
$$;

-- Words that something no longer has: those that nothing of the audience has any more are
-- forgotten.
CREATE FUNCTION search_forget(of_workspace uuid, of_audience uuid, words text[])
RETURNS void
LANGUAGE sql
AS $$
  DELETE FROM search_words AS known
   USING unnest(words) AS gone (word)
   WHERE known.workspace_id = of_workspace
     AND known.audience = of_audience
     AND known.word = gone.word
     AND NOT EXISTS (
           SELECT
             FROM search_entries AS entry
            WHERE entry.vector @@ (
                    SELECT string_agg(
                             format(
                               $q$' p:%s:%s'$q$,
                               volume.shelf,
                               replace(replace(gone.word, $q$\$q$, $q$\\$q$), $q$'$q$, $q$''$q$)
                             ),
                             ' | '
                           )::tsquery
                      FROM search_volumes AS volume
                     WHERE volume.workspace_id = of_workspace
                       AND volume.audience = of_audience
                       AND volume.id = volume.shelf
                  )
         )
$$;

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:search:read'),
  ('member', 'workspace:search:read'),
  ('owner',  'workspace:search:read');
