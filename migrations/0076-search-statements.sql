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
