DROP FUNCTION items_of_pages(uuid, bytea[]);
ALTER TABLE items
  DROP CONSTRAINT items_older_item_of_the_page_exists,
  DROP COLUMN same_page_as,
  DROP COLUMN page_form;
DROP TABLE item_addresses;
DELETE FROM outbox WHERE kind = 'normalize_addresses';
DELETE FROM dead_letters WHERE kind = 'normalize_addresses';
