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
