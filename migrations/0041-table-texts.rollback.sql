DELETE FROM table_texts;
CALL unite_views('searchable', leaving => 'searchable_table_texts');
DROP VIEW searchable_table_texts;
DROP TRIGGER documents_take_their_tables_along_in_search ON documents;
DROP TRIGGER jobs_that_are_gone_leave_search ON jobs;
DROP TRIGGER jobs_that_succeed_enter_search ON jobs;
DROP FUNCTION
  search_table_hit,
  discard_tables_in_search,
  renew_index_of_tables,
  index_tables,
  latest_job,
  cell_texts,
  corrected_texts;
DROP TABLE table_texts;
