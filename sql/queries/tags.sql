-- name: attach :exec
-- Attaches tags to an item by name; those that the workspace does not have yet are made.
INSERT INTO item_tags (item_id, tag_id)
SELECT %(item_id)s, tag.id
  FROM make_tags(%(workspace_id)s, %(names)s::text[]) AS tag
ON CONFLICT ON CONSTRAINT item_tags_pkey
DO NOTHING;

-- name: detach :exec
-- Takes tags off an item by name; the tags themselves stay.
DELETE FROM item_tags
 USING tags AS tag
 WHERE item_tags.item_id = %(item_id)s
   AND tag.id = item_tags.tag_id
   AND tag.workspace_id = %(workspace_id)s
   AND fold(tag.name) IN (SELECT fold(name) FROM unnest(%(names)s::text[]) AS unwanted (name));
