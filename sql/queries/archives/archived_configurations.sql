-- name: read :many
-- A batch of a workspace's configurations, in id order.
SELECT configuration.id::text AS at,
       (to_jsonb(configuration) - ARRAY['workspace_id', 'created_by'])::text AS line
  FROM configurations AS configuration
 WHERE configuration.workspace_id = %(workspace_id)s
   AND configuration.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY configuration.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a configuration has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM configurations
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds configurations. Where the workspace has that version of the type already, it is the next one; where
-- it has an active one, it is retired.
INSERT INTO configurations
SELECT configuration.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL (
         SELECT bool_or(standing.version = (line ->> 'version')::integer) AS has_version,
                bool_or(standing.status = 'active') AS has_active
           FROM configurations AS standing
          WHERE standing.workspace_id = %(workspace_id)s
            AND fold(standing.document_type) = fold(line ->> 'document_type')
       ) AS standing
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::configurations,
         line
         || CASE WHEN standing.has_version THEN '{"version": null}' ELSE '{}'::jsonb END
         || CASE
              WHEN standing.has_active AND line ->> 'status' = 'active' THEN '{"status": "retired"}'
              ELSE '{}'::jsonb
            END
         || jsonb_build_object(
              'workspace_id', %(workspace_id)s::uuid,
              'created_by', %(user_id)s::uuid
            )
       ) AS configuration;
