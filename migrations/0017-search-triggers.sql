-- The triggers that maintain the search index, and the procedure that adds them to a table.

-- Adds a thing to the index.
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

-- A column that its view reads has changed, such as a text. Its audience stays the same.
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
  -- The entry is locked first and the thing read afterwards: a tag added in between is not lost.
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

-- Only its status changed: it may have moved to the trash.
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

-- It was removed.
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

-- Tags were added or removed: the first two columns of `changed` are the thing's id and the tag's.
-- The lexeme of a deleted tag stays in the vectors: nobody searches for it any more.
CREATE FUNCTION tag_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  -- In the order of the entries' ids, so that two requests never deadlock, and after the tags,
  -- which the statement that adds them has locked first.
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
       -- A thing that was just created has them already.
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

-- Makes the rows of a table searchable, as its view `searchable_<table>` describes them. Existing
-- rows are added, and from now on the index follows each change of a column that the view reads.
-- `tagged_by` is the table that assigns the noun's tags; its first two columns are the thing's id
-- and the tag's.
CREATE PROCEDURE make_searchable(noun regclass, tagged_by regclass DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
  before text;
  after text;
  has_status boolean;
BEGIN
  CALL unite_views('searchable');

  SELECT string_agg(format('OLD.%I', column_name), ', ') FILTER (WHERE column_name <> 'status'),
         string_agg(format('NEW.%I', column_name), ', ') FILTER (WHERE column_name <> 'status'),
         bool_or(column_name = 'status')
    INTO before, after, has_status
    FROM information_schema.view_column_usage
   WHERE view_schema = 'public'
     AND view_name = 'searchable_' || noun
     AND table_name = noun::text
     AND column_name <> 'id';

  EXECUTE format(
    'CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION enter_search()',
    noun || '_enter_search',
    noun
  );
  EXECUTE format(
    'CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN ((%s) IS DISTINCT FROM (%s))'
      ' EXECUTE FUNCTION refresh_search()',
    noun || '_refresh_search',
    noun,
    before,
    after
  );
  IF has_status THEN
    EXECUTE format(
      'CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW'
        ' WHEN (OLD.status <> NEW.status AND (%s) IS NOT DISTINCT FROM (%s))'
        ' EXECUTE FUNCTION move_in_search()',
      noun || '_move_in_search',
      noun,
      before,
      after
    );
  END IF;
  EXECUTE format(
    'CREATE TRIGGER %I AFTER DELETE ON %s FOR EACH ROW EXECUTE FUNCTION leave_search()',
    noun || '_leave_search',
    noun
  );

  IF tagged_by IS NOT NULL THEN
    EXECUTE format(
      'CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS changed'
        ' FOR EACH STATEMENT EXECUTE FUNCTION tag_in_search()',
      tagged_by || '_are_given_in_search',
      tagged_by
    );
    EXECUTE format(
      'CREATE TRIGGER %I AFTER DELETE ON %s REFERENCING OLD TABLE AS changed'
        ' FOR EACH STATEMENT EXECUTE FUNCTION tag_in_search()',
      tagged_by || '_are_taken_in_search',
      tagged_by
    );
  END IF;

  EXECUTE format('SELECT search_enter(id) FROM (SELECT id FROM %s ORDER BY id) AS kept', noun);
END
$$;
