-- name: read :many
-- A batch of what rules do not decide any more about a workspace's items, item by item. A folder is named as
-- one, and one that is gone is nothing to remember.
SELECT (ruling.item_id || ' ' || ruling.field || ' ' || ruling.value) AS at,
       (
         CASE ruling.field
           WHEN 'folder_id' THEN jsonb_build_object('folder_id', folder.id)
           ELSE jsonb_build_object('value', ruling.value)
         END || jsonb_build_object('item_id', ruling.item_id, 'field', ruling.field)
       )::text AS line
  FROM item_rulings AS ruling
  LEFT JOIN folders AS folder
    ON ruling.field = 'folder_id'
   AND folder.workspace_id = ruling.workspace_id
   AND folder.id = CASE WHEN ruling.field = 'folder_id' THEN ruling.value::uuid END
 WHERE ruling.workspace_id = %(workspace_id)s
   AND (ruling.item_id, ruling.field, ruling.value) > (
         split_part(coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'), ' ', 1)::uuid,
         split_part(coalesce(%(after)s, ''), ' ', 2),
         regexp_replace(coalesce(%(after)s, ''), '^[^ ]* ?[^ ]* ?', '')
       )
   AND (ruling.field <> 'folder_id' OR folder.id IS NOT NULL)
 ORDER BY ruling.item_id, ruling.field, ruling.value
 LIMIT %(limit)s;

-- name: add :exec
-- Notes what rules do not decide any more, unless it is noted already.
INSERT INTO item_rulings
SELECT ruling.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::item_rulings,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'value', coalesce(line ->> 'folder_id', line ->> 'value')
         )
       ) AS ruling
ON CONFLICT ON CONSTRAINT item_rulings_pkey
DO NOTHING;
