-- name: read :many
-- A batch of the types of documents for which jobs start by themselves, in id order.
SELECT automatic.id::text AS at,
       (to_jsonb(automatic) - ARRAY['workspace_id', 'created_by'])::text AS line
  FROM automatic_types AS automatic
 WHERE automatic.workspace_id = %(workspace_id)s
   AND automatic.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY automatic.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that an automatic type has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM automatic_types
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: same :many
-- The automatic types that are there already by the names of some lines.
SELECT (line ->> 'id')::uuid AS id,
       automatic.id AS known_id
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
  JOIN automatic_types AS automatic
    ON automatic.workspace_id = %(workspace_id)s
   AND fold(automatic.document_type) = fold(line ->> 'document_type');

-- name: add :exec
-- Adds automatic types.
INSERT INTO automatic_types
SELECT automatic.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::automatic_types,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid
         )
       ) AS automatic;
