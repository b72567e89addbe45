-- name: read :many
-- A batch of a workspace's folders, those first that others are in.
WITH RECURSIVE tree AS (
  SELECT topmost.*,
         0 AS depth
    FROM folders AS topmost
   WHERE topmost.workspace_id = %(workspace_id)s
     AND topmost.parent_id IS NULL
   UNION ALL
  SELECT inner_folder.*,
         tree.depth + 1
    FROM tree
    JOIN folders AS inner_folder
      ON inner_folder.parent_id = tree.id
),
placed AS (
  SELECT (to_char(tree.depth, 'FM00') || ' ' || tree.id) COLLATE "C" AS at,
         (to_jsonb(tree) - ARRAY['workspace_id', 'created_by', 'depth'])::text AS line
    FROM tree
)
SELECT at,
       line
  FROM placed
 WHERE at > coalesce(%(after)s, '')
 ORDER BY at
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a folder has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM folders
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: same :many
-- The folders that are there already by the places and names of some lines.
SELECT (line ->> 'id')::uuid AS id,
       folder.id AS known_id
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
  JOIN folders AS folder
    ON folder.workspace_id = %(workspace_id)s
   AND fold(folder.name) = fold(line ->> 'name')
   AND folder.parent_id IS NOT DISTINCT FROM (line ->> 'parent_id')::uuid;

-- name: add :exec
-- Adds folders.
INSERT INTO folders
SELECT folder.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::folders,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid
         )
       ) AS folder;
