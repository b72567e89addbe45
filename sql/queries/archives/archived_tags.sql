-- name: read :many
-- A batch of the tags that a member sees, in id order.
SELECT tag.id::text AS at,
       (
         to_jsonb(tag) - ARRAY['workspace_id', 'audience']
         || jsonb_build_object('is_private', tag.audience <> tag.workspace_id)
       )::text AS line
  FROM tags AS tag
 WHERE tag.workspace_id = %(workspace_id)s
   AND tag.audience IN (%(workspace_id)s, %(user_id)s)
   AND tag.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY tag.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a tag has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM tags
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: same :many
-- The tags that are there already by the names of some lines.
SELECT (line ->> 'id')::uuid AS id,
       tag.id AS known_id
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
  JOIN tags AS tag
    ON tag.workspace_id = %(workspace_id)s
   AND fold(tag.name) = fold(line ->> 'name')
   AND tag.audience = archived_audience(%(workspace_id)s, %(user_id)s, (line ->> 'is_private')::boolean);

-- name: add :exec
-- Adds tags.
INSERT INTO tags
SELECT tag.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::tags,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'audience',
           archived_audience(%(workspace_id)s, %(user_id)s, (line ->> 'is_private')::boolean)
         )
       ) AS tag
 ORDER BY fold(tag.name);
