-- The addresses under which a page is found besides the one that was captured, and the form in which
-- addresses are compared.

-- Where an item's address leads to (`redirect`), and what the page there calls its own (`canonical`).
CREATE TABLE item_addresses (
  workspace_id uuid  NOT NULL,
  item_id      uuid  NOT NULL,
  page_hash    bytea NOT NULL,
  url          text  NOT NULL,
  found_by     text  NOT NULL,
  CONSTRAINT item_addresses_pkey PRIMARY KEY (workspace_id, page_hash, item_id),
  CONSTRAINT item_addresses_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT item_addresses_page_hash_is_a_sha256 CHECK (length(page_hash) = 32),
  CONSTRAINT item_addresses_url_is_at_most_2048_characters CHECK (length(url) <= 2048),
  CONSTRAINT item_addresses_found_by_is_known CHECK (found_by IN ('canonical', 'redirect'))
);

CREATE INDEX item_addresses_by_item ON item_addresses (item_id);

-- `same_page_as` is an older item of the same page, if that was only found out when the page was read.
-- `page_form` is the form of the address that `page_hash` is of; the worker normalize_addresses brings
-- what was captured before this migration into the current one.
ALTER TABLE items
  ADD COLUMN same_page_as uuid,
  ADD COLUMN page_form smallint NOT NULL DEFAULT 1,
  ADD CONSTRAINT items_older_item_of_the_page_exists FOREIGN KEY (workspace_id, same_page_as)
    REFERENCES items (workspace_id, id) ON DELETE SET NULL (same_page_as);

ALTER TABLE items
  ALTER COLUMN page_form SET DEFAULT 2;

CREATE INDEX items_by_older_item_of_the_page
    ON items (workspace_id, same_page_as)
 WHERE same_page_as IS NOT NULL;

CREATE INDEX items_in_the_old_form
    ON items (id)
 WHERE page_form < 2
   AND page_hash IS NOT NULL;

INSERT INTO outbox (kind, subject_id)
SELECT 'normalize_addresses', uuidv7()
 WHERE EXISTS (SELECT FROM items WHERE page_hash IS NOT NULL);

-- A workspace's items, not discarded, that have one of some pages at any of their addresses.
CREATE FUNCTION items_of_pages(of_workspace uuid, page_hashes bytea[])
RETURNS SETOF uuid
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT item.id
    FROM items AS item
   WHERE item.workspace_id = of_workspace
     AND item.page_hash = ANY (page_hashes)
     AND item.status <> 'discarded'
   UNION ALL
  SELECT item.id
    FROM item_addresses AS address
    JOIN items AS item
      ON item.id = address.item_id
     AND item.status <> 'discarded'
   WHERE address.workspace_id = of_workspace
     AND address.page_hash = ANY (page_hashes)
$$;
