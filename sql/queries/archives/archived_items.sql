-- name: read :many
-- A batch of a workspace's items, in id order, with their tags, suggestions and further addresses.
SELECT item.id::text AS at,
       (
         to_jsonb(item) - ARRAY['workspace_id', 'created_by']
         || jsonb_build_object(
              'tags', (
                SELECT coalesce(
                         jsonb_agg(
                           jsonb_build_object('id', tag.id, 'name', tag.name, 'at', used.created_at)
                           ORDER BY tag.id
                         ),
                         '[]'
                       )
                  FROM item_tags AS used
                  JOIN tags AS tag
                    ON tag.id = used.tag_id
                 WHERE used.item_id = item.id
              ),
              'suggestions', (
                SELECT coalesce(
                         jsonb_agg(
                           to_jsonb(suggestion)
                           - ARRAY['workspace_id', 'item_id', 'document_id', 'table_id']
                           ORDER BY suggestion.id
                         ),
                         '[]'
                       )
                  FROM suggestions AS suggestion
                 WHERE suggestion.item_id = item.id
              ),
              'addresses', (
                SELECT coalesce(
                         jsonb_agg(
                           to_jsonb(address) - ARRAY['workspace_id', 'item_id']
                           ORDER BY address.page_hash
                         ),
                         '[]'
                       )
                  FROM item_addresses AS address
                 WHERE address.item_id = item.id
              )
            )
       )::text AS line
  FROM items AS item
 WHERE item.workspace_id = %(workspace_id)s
   AND item.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY item.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that an item has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM items
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds items, with their tags, suggestions and further addresses.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
),
tagged AS (
  INSERT INTO item_tags (item_id, tag_id, created_at)
  SELECT given.id,
         used.id,
         used.at
    FROM given
   CROSS JOIN LATERAL jsonb_to_recordset(given.line -> 'tags') AS used (id uuid, at timestamptz)
    JOIN tags AS tag
      ON tag.id = used.id
     AND tag.audience = %(workspace_id)s
),
suggested AS (
  INSERT INTO suggestions
  SELECT suggestion.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'suggestions') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::suggestions,
           inner_line || jsonb_build_object(
             'workspace_id', %(workspace_id)s::uuid,
             'item_id', given.id,
             'document_id', NULL,
             'table_id', NULL
           )
         ) AS suggestion
),
addressed AS (
  INSERT INTO item_addresses
  SELECT address.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'addresses') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::item_addresses,
           inner_line || jsonb_build_object(
             'workspace_id', %(workspace_id)s::uuid,
             'item_id', given.id
           )
         ) AS address
)
INSERT INTO items
SELECT item.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::items,
         given.line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid
         )
       ) AS item
 ORDER BY item.id;

-- name: taken_suggestions :many
-- Those of some ids that a suggestion has.
SELECT id
  FROM suggestions
 WHERE id = ANY (%(ids)s::uuid[]);
