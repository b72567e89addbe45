-- name: read :many
-- A batch of a workspace's annotations, in id order, with the items that they are about.
SELECT annotation.id::text AS at,
       (to_jsonb(annotation) - ARRAY['workspace_id', 'created_by'])::text AS line
  FROM annotations AS annotation
 WHERE annotation.workspace_id = %(workspace_id)s
   AND annotation.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY annotation.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that an annotation has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM annotations
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds annotations.
INSERT INTO annotations
SELECT annotation.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::annotations,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid
         )
       ) AS annotation;

-- name: count :value
-- How many annotations one of the items of some lines has, at most.
SELECT coalesce(max(counted.annotations), 0)
  FROM (
         SELECT DISTINCT (line ->> 'item_id')::uuid AS item_id
           FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
       ) AS about
 CROSS JOIN LATERAL (
         SELECT count(*) AS annotations
           FROM annotations AS annotation
          WHERE annotation.workspace_id = %(workspace_id)s
            AND annotation.item_id = about.item_id
       ) AS counted;
