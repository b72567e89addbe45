-- name: decide :many
-- Accepts or rejects suggestions of an item; returns those found, with their names.
UPDATE suggestions
   SET status = %(status)s,
       decided_at = now()
 WHERE item_id = %(item_id)s
   AND id = ANY (%(ids)s::uuid[])
RETURNING id, value;
