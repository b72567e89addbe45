-- name: list :many
-- Confirmed items, newest first: all of them, or those with a tag, with a text in title or summary, that
-- were read or not, or that are favourites or not.
SELECT *
  FROM item_briefs(%(workspace_id)s) AS item
 WHERE item.status = 'confirmed'
   AND item.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(is_read)s::boolean IS NULL OR item.is_read = %(is_read)s)
   AND (%(is_favourite)s::boolean IS NULL OR item.is_favourite = %(is_favourite)s)
   AND (
         %(tag)s::text IS NULL
         OR EXISTS (
              SELECT
                FROM item_tags
                JOIN tags AS tag
                  ON tag.id = item_tags.tag_id
               WHERE item_tags.item_id = item.id
                 AND fold(tag.name) = fold(%(tag)s)
            )
       )
   AND (
         %(q)s::text IS NULL
         OR position(fold(%(q)s) IN fold(concat_ws(' ', item.title, item.summary))) > 0
       )
 ORDER BY item.id DESC
 LIMIT %(limit)s;

-- name: list_within :many
-- Those of them that come from a document, are in a folder, or both; with those in the folders below if
-- asked. It is a query of its own because few items do: with this condition in the other, that one would be
-- planned anew for each request.
WITH held AS MATERIALIZED (
  SELECT DISTINCT item_id
    FROM folder_items
   WHERE workspace_id = %(workspace_id)s
     AND folder_id = ANY (
           ARRAY(
             SELECT below.id
               FROM folders_below(%(folder_id)s) AS below
              WHERE below.distance = 0
                 OR %(recursive)s::boolean
           )
         )
),
found AS (
  SELECT item_id AS id
    FROM held
   WHERE %(document_id)s::uuid IS NULL
   UNION ALL
  SELECT id
    FROM items
   WHERE workspace_id = %(workspace_id)s
     AND document_id = %(document_id)s
     AND (%(folder_id)s::uuid IS NULL OR id IN (SELECT item_id FROM held))
)
SELECT item.*
  FROM (
         SELECT id
           FROM found
          WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          ORDER BY id DESC
       ) AS found
 CROSS JOIN LATERAL (
         SELECT *
           FROM item_briefs(%(workspace_id)s) AS item
          WHERE item.id = found.id
            AND item.status = 'confirmed'
            AND (%(is_read)s::boolean IS NULL OR item.is_read = %(is_read)s)
            AND (%(is_favourite)s::boolean IS NULL OR item.is_favourite = %(is_favourite)s)
            AND (
                  %(tag)s::text IS NULL
                  OR EXISTS (
                       SELECT
                         FROM item_tags
                         JOIN tags AS tag
                           ON tag.id = item_tags.tag_id
                        WHERE item_tags.item_id = item.id
                          AND fold(tag.name) = fold(%(tag)s)
                     )
                )
            AND (
                  %(q)s::text IS NULL
                  OR position(fold(%(q)s) IN fold(concat_ws(' ', item.title, item.summary))) > 0
                )
         OFFSET 0
       ) AS item
 ORDER BY found.id DESC
 LIMIT %(limit)s;

-- name: list_trash :many
-- Discarded items, newest first.
SELECT *
  FROM item_briefs(%(workspace_id)s) AS item
 WHERE item.status = 'discarded'
   AND item.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY item.id DESC
 LIMIT %(limit)s;

-- name: lock_many :many
-- Locks those of some ids that are a workspace's items until the transaction ends. In id order, so
-- that two requests never deadlock.
SELECT id, status
  FROM items
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: act_on_many :many
-- Applies an action to those items whose status allows it; returns their ids. As `items.change`, it
-- confirms those whose enrichment takes long, and the reason why stays.
UPDATE items
   SET status = move.to_status,
       confirmed_at = CASE WHEN %(action)s = 'confirm' THEN now() ELSE confirmed_at END,
       error = CASE WHEN %(action)s = 'confirm' THEN coalesce(error, last_error_of_enrichment(items.id)) ELSE error END,
       updated_at = now()
  FROM transitions AS move
 WHERE items.id = ANY (%(ids)s::uuid[])
   AND items.workspace_id = %(workspace_id)s
   AND move.entity = 'item'
   AND move.from_status = items.status
   AND (
         move.action = %(action)s
         OR %(action)s = 'confirm'
         AND items.status = 'enriching'
         AND move.to_status = 'confirmed'
         AND enrichment_takes_long(items.id)
       )
RETURNING items.id;

-- name: touch_many :exec
-- Records an edit of items: its time, and in their timelines.
WITH touched AS (
  UPDATE items
     SET updated_at = now()
   WHERE id = ANY (%(ids)s::uuid[])
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id
)
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'item',
       id,
       'item.edited',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       %(payload)s
  FROM touched;

-- name: purge_many :many
-- Permanently removes those of some items that are discarded; returns their ids. Their history
-- stays.
WITH purged AS (
  DELETE FROM items
   WHERE id = ANY (%(ids)s::uuid[])
     AND workspace_id = %(workspace_id)s
     AND status = 'discarded'
  RETURNING id, workspace_id
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
  SELECT workspace_id,
         'item',
         id,
         'item.purged',
         'discarded',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), '')
    FROM purged
)
SELECT id
  FROM purged;

-- name: purge_old :exec
-- Removes a batch of the items that were discarded longest ago, before a time. Their history stays.
WITH past AS MATERIALIZED (
  SELECT id
    FROM items
   WHERE status = 'discarded'
     AND updated_at < now() - %(kept)s::interval
   ORDER BY updated_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
),
purged AS (
  DELETE FROM items
   USING past
   WHERE items.id = past.id
  RETURNING items.id, items.workspace_id
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor)
SELECT workspace_id,
       'item',
       id,
       'item.purged',
       'discarded',
       current_setting('coffer.actor')
  FROM purged;
