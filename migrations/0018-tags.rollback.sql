DROP FUNCTION make_tags;
DROP TABLE tags;
