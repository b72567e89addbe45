-- Whether a page was captured before: the hash of its address without what does not change the page.
-- Null for items without an address, and for those from before there was this column.
ALTER TABLE items
  ADD COLUMN page_hash bytea,
  ADD CONSTRAINT items_page_hash_is_a_sha256 CHECK (length(page_hash) = 32);

CREATE INDEX items_by_page
    ON items (workspace_id, page_hash)
 WHERE page_hash IS NOT NULL
   AND status <> 'discarded';
