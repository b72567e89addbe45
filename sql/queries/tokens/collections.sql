-- name: list_public :many
-- The public collection with an id, or, if none is named, all that there are, but not more than two.
SELECT id,
       chain_id,
       contract
  FROM collections
 WHERE is_public
   AND (%(id)s::uuid IS NULL OR id = %(id)s)
 ORDER BY id
 LIMIT 2;
