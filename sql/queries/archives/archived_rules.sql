-- name: read :many
-- A batch of a workspace's rules, in id order.
SELECT rule.id::text AS at,
       (to_jsonb(rule) - ARRAY['workspace_id', 'created_by'])::text AS line
  FROM rules AS rule
 WHERE rule.workspace_id = %(workspace_id)s
   AND rule.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY rule.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a rule has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM rules
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds rules.
INSERT INTO rules
SELECT rule.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::rules,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid
         )
       ) AS rule;

-- name: count :value
-- How many rules a workspace has.
SELECT count(*)
  FROM rules
 WHERE workspace_id = %(workspace_id)s;
