DROP FUNCTION
  table_answers,
  home_to_correct_table,
  home_to_read_table,
  row_answers,
  dim_columns;
DROP TYPE table_answer, row_answer;
ALTER TABLE extracted_tables DROP COLUMN doubt_count;
DROP TABLE cell_corrections;
