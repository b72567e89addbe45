-- name: create :value
-- A new folder.
INSERT INTO folders (workspace_id, created_by, parent_id, name)
VALUES (%(workspace_id)s, %(created_by)s, %(parent_id)s, %(name)s)
RETURNING id;

-- name: get :one
-- A folder, as it is seen from a workspace.
SELECT *
  FROM folder_answers(home_to_read_folder(%(id)s, %(workspace_id)s), %(workspace_id)s)
 WHERE id = %(id)s;

-- name: home_to_change :value
-- The workspace of a folder that may be changed from a workspace; no row if it is out of reach. The
-- database refuses this for one that is only shared.
SELECT workspace_id
  FROM folders
 WHERE id = %(id)s
   AND workspace_id = home_to_change_folder(%(id)s, %(workspace_id)s);

-- name: list_of_workspace :many
-- The folders of a workspace, newest first: all, the topmost ones, or those directly in another.
SELECT *
  FROM folder_answers(%(workspace_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(parent_id)s::uuid IS NULL OR parent_id = %(parent_id)s)
   AND (NOT %(topmost)s::boolean OR parent_id IS NULL)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: change :value
-- Renames or moves a folder; the id, or no row if it is out of reach. The database refuses a move into
-- itself, and to change the folders of others.
UPDATE folders
   SET name = coalesce(change.fields ->> 'name', name),
       parent_id = CASE
         WHEN change.fields ? 'parent_id' THEN (change.fields ->> 'parent_id')::uuid
         ELSE parent_id
       END,
       updated_at = now()
  FROM (SELECT %(fields)s::jsonb AS fields) AS change
 WHERE id = %(id)s
   AND workspace_id = home_to_change_folder(%(id)s, %(workspace_id)s)
RETURNING id;

-- name: hold :exec
-- Locks a folder and those in it until the transaction ends. Whoever moves something into one of them is
-- waited for, so that what comes next sees it.
SELECT
  FROM folders
 WHERE workspace_id = %(workspace_id)s
   AND id = ANY (ARRAY(SELECT below.id FROM folders_below(%(id)s) AS below))
 ORDER BY id
   FOR UPDATE;

-- name: remove :value
-- Removes a folder and those in it; their documents go to the trash, their items only leave them. The id,
-- or no row if it is out of reach. The database refuses to remove the folders of others.
WITH gone AS (
  SELECT below.id
    FROM folders_below(%(id)s) AS below
),
discarded AS (
  UPDATE documents
     SET status = 'discarded',
         updated_at = now()
   WHERE workspace_id = %(workspace_id)s
     AND folder_id = ANY (ARRAY(SELECT id FROM gone))
     AND status <> 'discarded'
),
held AS (
  SELECT item.id
    FROM items AS item
   WHERE item.id = ANY (
           ARRAY(
             SELECT folder_items.item_id
               FROM folder_items
              WHERE folder_items.workspace_id = %(workspace_id)s
                AND folder_items.folder_id = ANY (ARRAY(SELECT id FROM gone))
           )
         )
     AND item.status <> 'discarded'
   ORDER BY item.id
     FOR NO KEY UPDATE
),
touched AS (
  UPDATE items
     SET updated_at = now()
    FROM held
   WHERE items.id = held.id
  RETURNING items.id, items.workspace_id
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
  SELECT workspace_id,
         'item',
         id,
         'item.edited',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), ''),
         '{"fields": ["remove_folder_ids"]}'
    FROM touched
)
DELETE FROM folders
 WHERE id = %(id)s
   AND workspace_id = home_to_change_folder(%(id)s, %(workspace_id)s)
RETURNING id;
