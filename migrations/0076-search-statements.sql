-- What one statement adds is entered into the search together, and its births are recorded together: an import
-- adds a hundred items by one.

CREATE FUNCTION enter_search_together()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
BEGIN
  FOR entry IN
    SELECT *
      FROM searchable
     WHERE id = ANY (ARRAY(SELECT id FROM new_rows))
     ORDER BY id
  LOOP
    PERFORM search_enter(entry);
  END LOOP;
  RETURN NULL;
END
$$;

-- For a table of which statements add many rows at once; a single one takes a little longer than by `make_searchable`.
CREATE PROCEDURE enter_search_by_statement(noun regclass)
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format('DROP TRIGGER %I ON %s', noun || '_enter_search', noun);
  EXECUTE format(
    'CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
      ' FOR EACH STATEMENT EXECUTE FUNCTION enter_search_together()',
    noun || '_enter_search',
    noun
  );
END
$$;

CALL enter_search_by_statement('items');
CALL enter_search_by_statement('tasks');

-- They move one by one, so only their births are followed by the statement.
CREATE OR REPLACE TRIGGER items_are_born_by_the_table_of_transitions
  AFTER INSERT ON items
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT
  EXECUTE FUNCTION record_transitions('item');

CREATE OR REPLACE TRIGGER tasks_are_born_by_the_table_of_transitions
  AFTER INSERT ON tasks
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT
  EXECUTE FUNCTION record_transitions('task');

-- As before, but the entries are looked up by their ids, however many there are: the plan that is kept for a small
-- index would read all of it.
CREATE OR REPLACE FUNCTION tag_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  entry_ids CONSTANT uuid[] := ARRAY(
    SELECT change.entry_id
      FROM changed AS change (entry_id, tag_id)
      JOIN tags AS tag
        ON tag.id = change.tag_id
  );
BEGIN
  -- In the order of the entries' ids, so that two requests never deadlock, and after the tags,
  -- which the statement that adds them has locked first.
  PERFORM id
     FROM search_entries
    WHERE id = ANY (entry_ids)
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
     WHERE entry.id = ANY (entry_ids)
       AND entry.id = given.entry_id
       -- A thing that was just created has them already.
       AND NOT given.lexemes <@ tsvector_to_array(entry.vector);
  ELSE
    UPDATE search_entries AS entry
       SET vector = ts_delete(entry.vector, taken.lexemes)
      FROM (
             SELECT change.entry_id,
                    array_agg(' t:' || change.tag_id) AS lexemes
               FROM changed AS change (entry_id, tag_id)
              GROUP BY change.entry_id
           ) AS taken
     WHERE entry.id = ANY (entry_ids)
       AND entry.id = taken.entry_id;
  END IF;
  RETURN NULL;
END
$$;
