-- name: promise :exec
-- Keeps the hash that a reserved object is announced to have.
UPDATE objects
   SET sha256 = %(sha256)s
 WHERE id = %(id)s
   AND status = 'writing';

-- name: find_place :one
-- The reserved object that a signed address stands for; no row if it is no longer waited for.
SELECT object.key,
       object.bytes,
       object.user_id
  FROM objects AS object
  JOIN document_versions AS version
    ON version.object_id = object.id
   AND version.arrived_id IS NULL
 WHERE object.id = %(id)s
   AND object.status = 'writing';

-- name: find :one
-- A document whose file may have been announced, and where that is to arrive.
SELECT document.status,
       object.key,
       object.bytes,
       object.user_id
  FROM documents AS document
  JOIN document_versions AS version
    ON version.id = document.version_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, 'own');

-- name: complete :one
-- Has a document read whose file has arrived; its version, and the object that the client wrote. The
-- database refuses it for documents that are not waited for.
UPDATE documents AS document
   SET status = next_status('document', document.status, 'complete'),
       updated_at = now()
  FROM document_versions AS version
 WHERE document.id = %(id)s
   AND document.workspace_id = %(workspace_id)s
   AND version.id = document.version_id
RETURNING version.id AS version_id,
          version.object_id AS arrived_id;

-- name: hold :exec
-- Keeps an object that a client wrote until it is copied; 0 if it was given up.
UPDATE objects
   SET expires_at = now() + %(time)s::interval
 WHERE id = %(id)s
   AND status = 'writing';

-- name: hand_over :exec
-- Gives a version the object into which what the client wrote is copied: nobody has an address of that.
UPDATE document_versions
   SET arrived_id = object_id,
       object_id = %(object_id)s
 WHERE id = %(version_id)s;

-- name: keep :maybe
-- Saves what has arrived of a version, and dooms what the client wrote, so that the quota is charged once
-- when the copy is stored; the copy, or no row if it was saved before.
WITH version AS (
  UPDATE document_versions AS version
     SET bytes = %(bytes)s,
         sha256 = %(sha256)s,
         media_type = %(media_type)s,
         kind = %(kind)s,
         arrived_id = NULL
    FROM document_versions AS former
   WHERE version.id = %(version_id)s
     AND former.id = version.id
     AND former.arrived_id IS NOT NULL
  RETURNING version.object_id, former.arrived_id
)
UPDATE objects
   SET status = 'doomed'
  FROM version
 WHERE objects.id = version.arrived_id
   AND objects.status <> 'doomed'
RETURNING version.object_id;

-- name: refuse :exec
-- Dooms what has arrived of a document's current version, and its copy.
UPDATE objects
   SET status = 'doomed'
  FROM documents AS document
  JOIN document_versions AS version
    ON version.id = document.version_id
 WHERE document.id = %(id)s
   AND objects.id IN (version.object_id, version.arrived_id)
   AND objects.status <> 'doomed';

-- name: give_up :exec
-- Permanently removes a batch of documents whose announced file never arrived; their objects are
-- doomed.
WITH past AS MATERIALIZED (
  SELECT id
    FROM documents
   WHERE status = 'awaiting_upload'
     AND created_at <= now() - %(time)s::interval
   ORDER BY created_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
),
purged AS (
  DELETE FROM documents
   USING past
   WHERE documents.id = past.id
  RETURNING documents.id, documents.workspace_id
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor)
SELECT workspace_id,
       'document',
       id,
       'document.expired',
       'awaiting_upload',
       current_setting('coffer.actor')
  FROM purged;
