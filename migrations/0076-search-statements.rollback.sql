CREATE OR REPLACE TRIGGER items_are_born_by_the_table_of_transitions
  AFTER INSERT ON items
  FOR EACH ROW
  EXECUTE FUNCTION record_transition('item');

CREATE OR REPLACE TRIGGER tasks_are_born_by_the_table_of_transitions
  AFTER INSERT ON tasks
  FOR EACH ROW
  EXECUTE FUNCTION record_transition('task');

CREATE OR REPLACE TRIGGER items_enter_search
  AFTER INSERT ON items
  FOR EACH ROW
  EXECUTE FUNCTION enter_search();

CREATE OR REPLACE TRIGGER tasks_enter_search
  AFTER INSERT ON tasks
  FOR EACH ROW
  EXECUTE FUNCTION enter_search();

DROP PROCEDURE enter_search_by_statement(regclass);
DROP FUNCTION enter_search_together();

CREATE OR REPLACE FUNCTION tag_in_search()
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
