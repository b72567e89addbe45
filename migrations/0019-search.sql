-- Search: everything that can be found, in one index over all kinds of things, kept by triggers in the
-- transaction that changes them.
--
-- An entry's vector holds the stems of its texts (weight A: title, C: summary, D: the rest) and lexemes
-- of ours, which begin with a space, as no word of a text does:
--
--   ' v:17'         its volume; ' v8:9', ' v64:1' and ' v*:1' are those that the volume stands in
--   ' y:article'    what it is
--   ' s:confirmed'  its status
--   ' t:<id>'       a tag that it carries (weight B)
--   ' p:9:oak'      a word of its title, summary or beginning as it stands, in its shelf: the last word
--                   of a query is looked for as the beginning of these
--
-- What is discarded has ' d:17' and so on in place of ' v:17', and so is in nobody's way. A volume has
-- some 4,096 entries, a shelf eight volumes, a bookcase eight shelves. A search reads the newest volume
-- first, then as much more as is likely to hold the rest of what it needs: so a common word in a large
-- workspace costs no more than a rare one in a small workspace.

-- `audience` is who may find what is in it: the workspace's id for all its members, or a user's id.
-- Shelf, bookcase and collection go by the number of their first volume.
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

-- `id` is that of the thing itself.
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

-- What waits to be merged into the index is read by every search: so a little of it, often.
CREATE INDEX search_entries_by_words
    ON search_entries
 USING gin (vector) WITH (gin_pending_list_limit = 512);
CREATE INDEX search_entries_by_volume ON search_entries (volume);
CREATE INDEX search_entries_by_config ON search_entries (workspace_id, config);

-- The words of the titles and summaries in a workspace, by which a mistyped word is understood. Two
-- transactions may both add a new word, which harms nobody; a unique index would make one wait for the
-- other. A word that goes and comes in the same moment may stay unknown until it comes again: only
-- guesses suffer.
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

-- Everything that can be found. What is to be found too joins here and gets the triggers below.
CREATE VIEW searchable
WITH (security_invoker = true)
AS
SELECT item.id,
       'item' AS type,
       item.workspace_id,
       item.workspace_id AS audience,
       item.source_type AS kind,
       item.status,
       search_config(item.language) AS config,
       coalesce(item.title, left(btrim(item.raw_text), 60), item.source_url) AS title,
       item.summary,
       concat_ws(' ', item.author, item.source_url) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at
  FROM items AS item
 UNION ALL
SELECT task.id,
       'task',
       task.workspace_id,
       task.user_id,
       'task',
       task.status,
       'simple',
       task.title,
       NULL,
       NULL,
       task.description,
       ARRAY(SELECT tag_id FROM task_tags WHERE task_tags.task_id = task.id),
       task.created_at
  FROM tasks AS task;

-- What tags are in a vector.
CREATE FUNCTION search_tags(tag_ids uuid[])
RETURNS tsvector
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT coalesce(string_agg(format(''' t:%s'':1B', tag_id), ' '), '')::tsvector
    FROM unnest(tag_ids) AS tag_id
);

-- Where something stands, by its status.
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

-- The vector of what can be found, in a volume.
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
         -- A word of ours keeps the fields apart: no phrase goes from one into the next.
    FROM (SELECT $q$' ':9$q$::tsvector AS lexeme) AS gap
$$;

-- The volume that takes an audience's next entry. About one entry in 256, by the random end of its
-- id, counts the volume and begins another where it is full. Of two transactions that begin one at
-- once neither waits for the other: there are two then.
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

-- The words that a vector holds as they stand.
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

-- Words that a workspace has from now on. Shorter ones are not guessed at. A subquery with LIMIT is
-- asked word by word; NOT EXISTS would be planned as a join with all words.
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

-- Words that went: those are forgotten that nothing of the audience has any more.
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

-- Something can be found from now on.
CREATE FUNCTION search_enter(entry_id uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
  volume search_volumes;
  vector tsvector;
BEGIN
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = entry_id;
  volume := search_volume(entry.workspace_id, entry.audience, entry.id);
  vector := search_vector(entry, volume);
  INSERT INTO search_entries (id, workspace_id, audience, volume, config, created_at, vector)
  VALUES (
    entry.id,
    entry.workspace_id,
    entry.audience,
    volume.id,
    entry.config,
    entry.created_at,
    vector
  );
  PERFORM search_learn(
            entry.workspace_id,
            entry.audience,
            search_words_of(concat_ws(' ', entry.title, entry.summary))
          );
END
$$;

CREATE FUNCTION enter_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM search_enter(NEW.id);
  RETURN NULL;
END
$$;

-- Its texts changed.
CREATE FUNCTION refresh_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
  standing search_volumes;
  outdated tsvector;
  refreshed tsvector;
BEGIN
  -- Held first and read afterwards: a tag that somebody gives meanwhile is not lost.
  SELECT vector
    INTO outdated
    FROM search_entries
   WHERE id = NEW.id
     FOR UPDATE;
  SELECT *
    INTO standing
    FROM search_volumes
   WHERE id = (SELECT volume FROM search_entries WHERE id = NEW.id);
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = NEW.id;
  refreshed := search_vector(entry, standing);
  UPDATE search_entries
     SET config = entry.config,
         vector = refreshed
   WHERE id = NEW.id;
  PERFORM search_learn(
            entry.workspace_id,
            entry.audience,
            search_words_of(concat_ws(' ', entry.title, entry.summary))
          );
  PERFORM search_forget(
            entry.workspace_id,
            entry.audience,
            ARRAY(
              SELECT unnest(search_words_in(outdated))
              EXCEPT
              SELECT unnest(search_words_in(refreshed))
            )
          );
  RETURN NULL;
END
$$;

-- Only its status changed.
CREATE FUNCTION move_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE search_entries AS kept
     SET vector = ts_delete(kept.vector, search_place(standing, OLD.status))
                  || array_to_tsvector(search_place(standing, NEW.status))
    FROM search_volumes AS standing
   WHERE kept.id = NEW.id
     AND standing.id = kept.volume;
  RETURN NULL;
END
$$;

-- It is gone.
CREATE FUNCTION leave_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  gone search_entries;
BEGIN
  DELETE FROM search_entries
   WHERE id = OLD.id
  RETURNING * INTO gone;
  IF gone.id IS NOT NULL THEN
    PERFORM search_forget(gone.workspace_id, gone.audience, search_words_in(gone.vector));
  END IF;
  RETURN NULL;
END
$$;

-- Tags were given or taken: the first two columns of `changed` say what and which. Of a tag that is
-- removed the word stays in the vectors: nobody asks for it any more.
CREATE FUNCTION tag_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  -- In the order of their ids, so that two requests never wait for each other in a circle; and after
  -- the tags, which whoever gives them holds first.
  PERFORM id
     FROM search_entries
    WHERE id IN (
            SELECT change.entry_id
              FROM changed AS change (entry_id, tag_id)
              JOIN tags AS tag
                ON tag.id = change.tag_id
          )
    ORDER BY id
      FOR UPDATE;
  IF TG_OP = 'INSERT' THEN
    UPDATE search_entries AS entry
       SET vector = ts_delete(entry.vector, given.lexemes) || search_tags(given.tag_ids)
      FROM (
             SELECT entry_id,
                    array_agg(tag_id) AS tag_ids,
                    array_agg(' t:' || tag_id) AS lexemes
               FROM changed AS change (entry_id, tag_id)
              GROUP BY entry_id
           ) AS given
     WHERE entry.id = given.entry_id
       -- Something new has them already.
       AND NOT given.lexemes <@ tsvector_to_array(entry.vector);
  ELSE
    UPDATE search_entries AS entry
       SET vector = ts_delete(entry.vector, taken.lexemes)
      FROM (
             SELECT change.entry_id,
                    array_agg(' t:' || change.tag_id) AS lexemes
               FROM changed AS change (entry_id, tag_id)
               JOIN tags AS tag
                 ON tag.id = change.tag_id
              GROUP BY change.entry_id
           ) AS taken
     WHERE entry.id = taken.entry_id;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER items_enter_search
  AFTER INSERT ON items
  FOR EACH ROW
  EXECUTE FUNCTION enter_search();

CREATE TRIGGER items_refresh_search
  AFTER UPDATE ON items
  FOR EACH ROW
  WHEN (
    (OLD.title, OLD.summary, OLD.raw_text, OLD.content, OLD.author, OLD.source_url, OLD.language)
    IS DISTINCT FROM
    (NEW.title, NEW.summary, NEW.raw_text, NEW.content, NEW.author, NEW.source_url, NEW.language)
  )
  EXECUTE FUNCTION refresh_search();

CREATE TRIGGER items_move_in_search
  AFTER UPDATE ON items
  FOR EACH ROW
  WHEN (
    OLD.status <> NEW.status
    AND (OLD.title, OLD.summary, OLD.raw_text, OLD.content, OLD.author, OLD.source_url, OLD.language)
        IS NOT DISTINCT FROM
        (NEW.title, NEW.summary, NEW.raw_text, NEW.content, NEW.author, NEW.source_url, NEW.language)
  )
  EXECUTE FUNCTION move_in_search();

CREATE TRIGGER items_leave_search
  AFTER DELETE ON items
  FOR EACH ROW
  EXECUTE FUNCTION leave_search();

CREATE TRIGGER item_tags_are_given_in_search
  AFTER INSERT ON item_tags
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION tag_in_search();

CREATE TRIGGER item_tags_are_taken_in_search
  AFTER DELETE ON item_tags
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION tag_in_search();

CREATE TRIGGER tasks_enter_search
  AFTER INSERT ON tasks
  FOR EACH ROW
  EXECUTE FUNCTION enter_search();

CREATE TRIGGER tasks_refresh_search
  AFTER UPDATE ON tasks
  FOR EACH ROW
  WHEN ((OLD.title, OLD.description) IS DISTINCT FROM (NEW.title, NEW.description))
  EXECUTE FUNCTION refresh_search();

CREATE TRIGGER tasks_move_in_search
  AFTER UPDATE ON tasks
  FOR EACH ROW
  WHEN (
    OLD.status <> NEW.status
    AND (OLD.title, OLD.description) IS NOT DISTINCT FROM (NEW.title, NEW.description)
  )
  EXECUTE FUNCTION move_in_search();

CREATE TRIGGER tasks_leave_search
  AFTER DELETE ON tasks
  FOR EACH ROW
  EXECUTE FUNCTION leave_search();

CREATE TRIGGER task_tags_are_given_in_search
  AFTER INSERT ON task_tags
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION tag_in_search();

CREATE TRIGGER task_tags_are_taken_in_search
  AFTER DELETE ON task_tags
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION tag_in_search();

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:search:read'),
  ('member', 'workspace:search:read'),
  ('owner',  'workspace:search:read');
