-- name: in_old_form :many
-- Items whose addresses are still compared in the form of an earlier version: the next ones.
SELECT id, source_url
  FROM items
 WHERE page_form < 2
   AND page_hash IS NOT NULL
   AND id > '00000000-0000-0000-0000-000000000000'
 ORDER BY id
 LIMIT %(limit)s
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: renew :exec
-- Gives items their hashes of the current form; an address that is not valid any more keeps its own.
UPDATE items
   SET page_hash = coalesce(renewed.page_hash, items.page_hash),
       page_form = 2
  FROM unnest(%(ids)s::uuid[], %(page_hashes)s::bytea[]) AS renewed (id, page_hash)
 WHERE items.id = renewed.id;
