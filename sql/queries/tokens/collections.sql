-- name: list_public :many
-- The public collection with an id, or, if none is named, all that there are, but not more than two.
-- Those of a workspace that is about to be deleted are closed with it.
SELECT collection.id
  FROM collections AS collection
  JOIN workspaces AS workspace
    ON workspace.id = collection.workspace_id
   AND workspace.deletion_id IS NULL
 WHERE collection.is_public
   AND (%(id)s::uuid IS NULL OR collection.id = %(id)s)
 ORDER BY collection.id
 LIMIT 2;
