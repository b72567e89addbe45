-- name: decide :many
-- Accepts or rejects suggestions of an item; those found, with their names.
UPDATE suggestions
   SET status = %(status)s,
       decided_at = now()
 WHERE item_id = %(item_id)s
   AND id = ANY (%(ids)s::uuid[])
RETURNING id, name;

-- name: replace :exec
-- The suggestions of a new enrichment in place of the undecided ones of the last; without those
-- that the item carries already.
WITH outdated AS (
  DELETE FROM suggestions
   WHERE item_id = %(item_id)s
     AND status = 'pending'
     AND fold(name) <> ALL (SELECT fold(name) FROM unnest(%(names)s::text[]) AS new (name))
)
INSERT INTO suggestions (item_id, name, confidence)
SELECT %(item_id)s,
       new.name,
       new.confidence
  FROM unnest(%(names)s::text[], %(confidences)s::real[]) AS new (name, confidence)
 WHERE NOT EXISTS (
         SELECT
           FROM item_tags
           JOIN tags AS tag
             ON tag.id = item_tags.tag_id
          WHERE item_tags.item_id = %(item_id)s
            AND fold(tag.name) = fold(new.name)
       )
ON CONFLICT (item_id, fold(name))
DO NOTHING;
