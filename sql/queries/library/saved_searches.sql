-- name: hold :exec
-- Serializes the saved searches that a user makes in a workspace, until the transaction ends.
SELECT pg_advisory_xact_lock(
         hashtextextended('saved_searches' || %(workspace_id)s::text || %(user_id)s::text, 0)
       );

-- name: create :one
-- A new saved search of a user; no row if the user has as many as they may.
INSERT INTO saved_searches (workspace_id, user_id, name, q)
SELECT %(workspace_id)s, %(user_id)s, %(name)s, %(q)s
 WHERE (
         SELECT count(*)
           FROM saved_searches
          WHERE workspace_id = %(workspace_id)s
            AND user_id = %(user_id)s
       ) < %(most)s
RETURNING id, name, q, created_at, updated_at;

-- name: get :one
-- A saved search of a user.
SELECT id, name, q, created_at, updated_at
  FROM saved_searches
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: list_of_user :many
-- A user's saved searches in a workspace, by name. The position of each says where the next page begins.
SELECT id, name, q, created_at, updated_at, position
  FROM (
         SELECT id,
                name,
                q,
                created_at,
                updated_at,
                sort_key(name) COLLATE "C" AS position
           FROM saved_searches
          WHERE workspace_id = %(workspace_id)s
            AND user_id = %(user_id)s
       ) AS named
 WHERE %(after)s::text IS NULL
    OR position > %(after)s
 ORDER BY position
 LIMIT %(limit)s;

-- name: change :one
-- Changes the name or the query of a saved search. The database refuses a name that another one has.
UPDATE saved_searches
   SET name = coalesce(%(name)s, name),
       q = coalesce(%(q)s, q),
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id, name, q, created_at, updated_at;

-- name: remove :value
-- Removes a saved search; the id, or no row if the user has no such search.
DELETE FROM saved_searches
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;
