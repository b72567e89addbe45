-- name: read :many
-- A batch of the places of a workspace's items in its folders, folder by folder.
SELECT (held.folder_id || ' ' || held.item_id) AS at,
       (to_jsonb(held) - ARRAY['workspace_id'])::text AS line
  FROM folder_items AS held
 WHERE held.workspace_id = %(workspace_id)s
   AND (held.folder_id, held.item_id) > (
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 00000000-0000-0000-0000-000000000000'), ' ', 1)::uuid,
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000 00000000-0000-0000-0000-000000000000'), ' ', 2)::uuid
       )
 ORDER BY held.folder_id, held.item_id
 LIMIT %(limit)s;

-- name: add :exec
-- Puts items into folders, unless they are there.
INSERT INTO folder_items
SELECT held.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::folder_items,
         line || jsonb_build_object('workspace_id', %(workspace_id)s::uuid)
       ) AS held
ON CONFLICT ON CONSTRAINT folder_items_pkey
DO NOTHING;
