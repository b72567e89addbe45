-- name: assign :exec
-- Assigns an AI provider to a workspace, or to everybody, in the place of one that was there.
INSERT INTO ai_providers (workspace_id, kind, url, model, key, may_be_internal)
VALUES (
  %(workspace_id)s,
  %(kind)s,
  %(url)s,
  %(model)s,
  %(key)s,
  %(may_be_internal)s
)
ON CONFLICT ON CONSTRAINT ai_providers_one_for_each_workspace
DO UPDATE
   SET kind = excluded.kind,
       url = excluded.url,
       model = excluded.model,
       key = excluded.key,
       may_be_internal = excluded.may_be_internal,
       updated_at = now();

-- name: remove :exec
-- Takes the AI provider from a workspace, or from everybody.
DELETE FROM ai_providers
 WHERE id = (
         SELECT id
           FROM ai_providers
          WHERE workspace_id = %(workspace_id)s
          UNION ALL
         SELECT id
           FROM ai_providers
          WHERE workspace_id IS NULL
            AND %(workspace_id)s::uuid IS NULL
       );

-- name: applying :many
-- The AI provider that is assigned to each of some workspaces, or else to everybody; no row for a
-- workspace without either. The nil id asks for everybody's.
SELECT asked.id AS for_workspace_id,
       provider.id,
       provider.workspace_id,
       provider.kind,
       provider.url,
       provider.model,
       provider.key,
       provider.may_be_internal,
       provider.updated_at
  FROM unnest(%(workspace_ids)s::uuid[]) AS asked (id)
 CROSS JOIN LATERAL (
         SELECT assigned.*
           FROM ai_providers AS assigned
          WHERE assigned.id = coalesce(
                  (SELECT id FROM ai_providers WHERE workspace_id = asked.id),
                  (SELECT id FROM ai_providers WHERE workspace_id IS NULL)
                )
          LIMIT 1
       ) AS provider;

-- name: seal :exec
-- Saves a key that was encrypted again, unless it has changed in between.
UPDATE ai_providers
   SET key = %(key)s
 WHERE id = %(id)s
   AND key = %(before)s;
