DROP FUNCTION row_answers;
DROP TYPE row_answer;
DROP TABLE cell_corrections;
