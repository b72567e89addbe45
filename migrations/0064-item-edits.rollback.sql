DROP TABLE item_texts;
ALTER TABLE items
  DROP COLUMN is_read,
  DROP COLUMN is_favourite;
