-- name: read :many
-- A batch of a user's saved searches, in id order.
SELECT saved.id::text AS at,
       (to_jsonb(saved) - ARRAY['workspace_id', 'user_id'])::text AS line
  FROM saved_searches AS saved
 WHERE saved.workspace_id = %(workspace_id)s
   AND saved.user_id = %(user_id)s
   AND saved.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY saved.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a saved search has, and whether it is the user's own in the workspace.
SELECT id,
       workspace_id = %(workspace_id)s AND user_id = %(user_id)s AS is_own
  FROM saved_searches
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: same :many
-- The user's saved searches that are there already by the names of some lines.
SELECT (line ->> 'id')::uuid AS id,
       saved.id AS known_id
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
  JOIN saved_searches AS saved
    ON saved.workspace_id = %(workspace_id)s
   AND saved.user_id = %(user_id)s
   AND fold(saved.name) = fold(line ->> 'name');

-- name: add :exec
-- Adds saved searches.
INSERT INTO saved_searches
SELECT saved.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::saved_searches,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'user_id', %(user_id)s::uuid
         )
       ) AS saved;

-- name: count :value
-- How many saved searches a user has in a workspace.
SELECT count(*)
  FROM saved_searches
 WHERE workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;
