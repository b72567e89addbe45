-- name: lock :many
-- Locks those of some ids that are a workspace's documents until the transaction ends. In id order,
-- so that two requests never deadlock.
SELECT id,
       status
  FROM documents
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: act :many
-- Applies an action to those documents whose status allows it; returns their ids.
UPDATE documents
   SET status = move.to_status,
       error = NULL,
       error_code = NULL,
       updated_at = now()
  FROM transitions AS move
 WHERE documents.id = ANY (%(ids)s::uuid[])
   AND documents.workspace_id = %(workspace_id)s
   AND move.entity = 'document'
   AND move.action = %(action)s
   AND move.from_status = documents.status
RETURNING documents.id;

-- name: edit :exec
-- Edits documents alike, and records it in their timelines.
WITH edited AS (
  UPDATE documents
     SET folder_id = CASE
           WHEN change.fields ? 'folder_id' THEN (change.fields ->> 'folder_id')::uuid
           ELSE folder_id
         END,
         category = CASE
           WHEN change.fields ? 'category' THEN change.fields ->> 'category'
           ELSE category
         END,
         updated_at = now()
    FROM (SELECT %(fields)s::jsonb AS fields) AS change
   WHERE id = ANY (%(ids)s::uuid[])
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id
)
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'document',
       id,
       'document.edited',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       %(payload)s
  FROM edited;

-- name: purge :many
-- Permanently removes those of some documents that are discarded; returns their ids. The objects of
-- their versions are doomed; their history stays.
WITH purged AS (
  DELETE FROM documents
   WHERE id = ANY (%(ids)s::uuid[])
     AND workspace_id = %(workspace_id)s
     AND status = 'discarded'
  RETURNING id, workspace_id
),
recorded AS (
  INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
  SELECT workspace_id,
         'document',
         id,
         'document.purged',
         'discarded',
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), '')
    FROM purged
)
SELECT id
  FROM purged;
