-- name: hold :many
-- Keeps those of some folders that a workspace has from being removed until the transaction ends. Whoever
-- puts items into folders locks the folders first, as whoever removes one. In the order of their ids, so
-- that two requests never deadlock.
SELECT id
  FROM folders
 WHERE id = ANY (%(folder_ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY id
   FOR KEY SHARE;

-- name: put :exec
-- Puts items into folders; how many places that makes, without those where they are already.
INSERT INTO folder_items (workspace_id, folder_id, item_id)
SELECT %(workspace_id)s,
       folder.id,
       item.id
  FROM unnest(%(item_ids)s::uuid[]) AS item (id)
 CROSS JOIN unnest(%(folder_ids)s::uuid[]) AS folder (id)
ON CONFLICT ON CONSTRAINT folder_items_pkey
DO NOTHING;

-- name: take :exec
-- Takes items out of folders; from how many places.
DELETE FROM folder_items
 WHERE item_id = ANY (%(item_ids)s::uuid[])
   AND folder_id = ANY (%(folder_ids)s::uuid[])
   AND workspace_id = %(workspace_id)s;

-- name: take_from_others :exec
-- Takes an item out of all folders but some; from how many places.
DELETE FROM folder_items
 WHERE item_id = %(item_id)s
   AND folder_id <> ALL (%(folder_ids)s::uuid[])
   AND workspace_id = %(workspace_id)s;
