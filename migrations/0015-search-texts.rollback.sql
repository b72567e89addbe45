DROP FUNCTION search_words_of(text);
DROP FUNCTION search_beginning(text);
DROP FUNCTION search_parted(text);
DROP FUNCTION search_text(text);
DROP FUNCTION search_signs();
DROP FUNCTION search_config(text);
DROP EXTENSION btree_gin;
DROP EXTENSION pg_trgm;
