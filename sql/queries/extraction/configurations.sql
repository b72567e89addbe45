-- name: create :value
-- A new draft, numbered after all other versions of its type.
INSERT INTO configurations (id, workspace_id, document_type, title, body, created_by)
VALUES (
  %(id)s,
  %(workspace_id)s,
  %(document_type)s,
  %(title)s,
  %(body)s::jsonb,
  %(created_by)s
)
RETURNING id;

-- name: get :one
-- A configuration.
SELECT *
  FROM configuration_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: list_of_workspace :many
-- The configurations of a workspace, newest first.
SELECT *
  FROM configuration_answers(%(workspace_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(document_type)s::text IS NULL OR fold(document_type) = fold(%(document_type)s))
   AND (%(status)s::text IS NULL OR status = %(status)s)
   AND (%(is_active)s::boolean IS NULL OR is_active = %(is_active)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: active :maybe
-- The active configuration for a type of documents.
SELECT *
  FROM configuration_answers(%(workspace_id)s)
 WHERE fold(document_type) = fold(%(document_type)s)
   AND status = 'active';

-- name: hold :one
-- Locks a configuration until the transaction ends.
SELECT title,
       body,
       activated_at
  FROM configurations
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR NO KEY UPDATE;

-- name: change :exec
-- Changes a configuration. The database refuses another body for one that has been used.
UPDATE configurations
   SET title = %(title)s,
       body = %(body)s::jsonb,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: hold_type :one
-- Has changes of status of a type's configurations wait for each other, until the transaction ends.
SELECT hold_configurations(workspace_id, document_type) IS NOT NULL AS is_held
  FROM configurations
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: activate :exec
-- Makes a configuration the active one of its type, and retires the one that was. The database refuses
-- what the status does not allow. Counting the retired ones has them leave the index of active ones first.
WITH retired AS (
  UPDATE configurations AS other
     SET status = next_status('configuration', other.status, 'retire'),
         updated_at = now()
    FROM configurations AS chosen
   WHERE chosen.id = %(id)s
     AND chosen.workspace_id = %(workspace_id)s
     AND other.workspace_id = chosen.workspace_id
     AND fold(other.document_type) = fold(chosen.document_type)
     AND other.status = 'active'
     AND other.id <> chosen.id
  RETURNING other.id
)
UPDATE configurations
   SET status = next_status('configuration', status, 'activate'),
       activated_at = now(),
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND (SELECT count(*) FROM retired) >= 0;

-- name: retire :exec
-- Retires a configuration: none of its type is active then.
UPDATE configurations
   SET status = next_status('configuration', status, 'retire'),
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: remove :exec
-- Removes a configuration; its history stays.
WITH removed AS (
  DELETE FROM configurations
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id, status
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       'configuration',
       id,
       'configuration.removed',
       status,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM removed;

-- name: document :one
-- What a configuration is tried on: where the current version of a document is, if its bytes are there,
-- and what is known of it.
SELECT document.name,
       document.category,
       document.status,
       object.key
  FROM documents AS document
  LEFT JOIN document_versions AS version
    ON version.id = document.version_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_read_document(%(id)s, %(workspace_id)s);
