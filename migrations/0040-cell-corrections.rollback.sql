DROP TRIGGER jobs_that_succeed_carry_corrections ON jobs;
DROP FUNCTION
  settle_tables,
  carry_corrections,
  carried_value,
  same_tables,
  table_answers,
  home_to_correct_table,
  home_to_read_table,
  row_answers,
  dim_columns;
DROP TYPE table_answer, row_answer;
ALTER TABLE extracted_tables
  DROP COLUMN doubt_count,
  DROP COLUMN is_rejected;
DROP TABLE cell_corrections;
