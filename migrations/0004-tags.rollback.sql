DROP TABLE suggestions;
DROP TABLE item_tags;
DROP TABLE tags;
DROP FUNCTION fold(text);
