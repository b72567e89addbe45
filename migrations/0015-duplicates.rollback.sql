ALTER TABLE items DROP COLUMN page_hash;
