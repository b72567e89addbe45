-- name: lock :exec
-- Locks items until the transaction ends, in the order of their ids.
SELECT id
  FROM items
 WHERE workspace_id = %(workspace_id)s
   AND id = ANY (%(ids)s::uuid[])
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: load :many
-- What rules look at in items that are not in the trash, newest first, and what was settled about each. A
-- suggestion that a person rejected settles its tag.
SELECT item.id,
       item.status,
       item.source_type,
       item.source_url,
       item.title,
       item.summary,
       left(concat_ws(E'\n', item.raw_text, item.content), 200000) AS text,
       array_remove(
         ARRAY(
           SELECT address.url
             FROM item_addresses AS address
            WHERE address.item_id = item.id
         ) || item.source_url,
         NULL
       ) AS addresses,
       ARRAY(
         SELECT tag.name
           FROM item_tags
           JOIN tags AS tag
             ON tag.id = item_tags.tag_id
          WHERE item_tags.item_id = item.id
       ) AS tags,
       ARRAY(
         SELECT held.folder_id::text
           FROM folder_items AS held
          WHERE held.item_id = item.id
       ) AS folder_ids,
       ARRAY(
         SELECT ARRAY[ruling.field, ruling.value]
           FROM item_rulings AS ruling
          WHERE ruling.workspace_id = item.workspace_id
            AND ruling.item_id = item.id
          UNION ALL
         SELECT ARRAY['tag', fold(suggestion.value)]
           FROM suggestions AS suggestion
          WHERE suggestion.item_id = item.id
            AND suggestion.status = 'rejected'
       ) AS settled
  FROM items AS item
 WHERE item.workspace_id = %(workspace_id)s
   AND item.id = ANY (%(ids)s::uuid[])
   AND item.status <> 'discarded'
 ORDER BY item.id DESC;

-- name: save :exec
-- Gives items what rules give them, remembers it, and writes it into their timelines, an event for each rule;
-- returns how many items there were.
WITH ruling AS (
  SELECT *
    FROM jsonb_to_recordset(%(rulings)s::jsonb)
         AS ruling (item_id uuid, rule_id uuid, rule text, field text, value text, settles text)
),
tag AS MATERIALIZED (
  SELECT id, name
    FROM make_tags(
           %(workspace_id)s,
           ARRAY(SELECT value FROM ruling WHERE field = 'tag')
         )
),
tagged AS (
  INSERT INTO item_tags (item_id, tag_id)
  SELECT ruling.item_id, tag.id
    FROM ruling
    JOIN tag
      ON fold(tag.name) = ruling.settles
   WHERE ruling.field = 'tag'
   ORDER BY ruling.item_id, tag.id
  ON CONFLICT ON CONSTRAINT item_tags_pkey
  DO NOTHING
),
filed AS (
  INSERT INTO folder_items (workspace_id, folder_id, item_id)
  SELECT folder.workspace_id, folder.id, ruling.item_id
    FROM ruling
    JOIN folders AS folder
      ON folder.id = CASE ruling.field WHEN 'folder_id' THEN ruling.value::uuid END
     AND folder.workspace_id = %(workspace_id)s
   ORDER BY ruling.item_id, folder.id
  ON CONFLICT ON CONSTRAINT folder_items_pkey
  DO NOTHING
),
settled AS (
  INSERT INTO item_rulings (workspace_id, item_id, field, value)
  SELECT %(workspace_id)s,
         item_id,
         field,
         settles
    FROM ruling
   ORDER BY item_id, field, settles
  ON CONFLICT ON CONSTRAINT item_rulings_pkey
  DO NOTHING
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
  SELECT %(workspace_id)s,
         'item',
         item_id,
         'item.rule_applied',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), ''),
         jsonb_build_object(
           'rule_id', rule_id,
           'rule', rule,
           'tags', coalesce(jsonb_agg(value) FILTER (WHERE field = 'tag'), '[]'),
           'folder_id', max(value) FILTER (WHERE field = 'folder_id'),
           'action', max(value) FILTER (WHERE field = 'action')
         )
    FROM ruling
   GROUP BY item_id, rule_id, rule
   ORDER BY item_id, rule_id
)
UPDATE items
   SET status = CASE ruled.action
         WHEN 'confirm' THEN 'confirmed'
         WHEN 'discard' THEN 'discarded'
         ELSE items.status
       END,
       confirmed_at = CASE ruled.action WHEN 'confirm' THEN now() ELSE items.confirmed_at END,
       updated_at = now()
  FROM (
         SELECT item_id,
                max(value) FILTER (WHERE field = 'action') AS action
           FROM ruling
          GROUP BY item_id
       ) AS ruled
 WHERE items.id = ruled.item_id
   AND items.workspace_id = %(workspace_id)s;
