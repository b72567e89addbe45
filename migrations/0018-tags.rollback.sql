DROP FUNCTION copy_tag_uses;
DROP FUNCTION tag_answers;
DROP FUNCTION count_tag_uses;
DROP VIEW tag_uses;
DROP FUNCTION make_tags;
DROP TABLE tags;
