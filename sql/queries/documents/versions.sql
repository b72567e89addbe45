-- name: hold_reading :maybe
-- Locks the queued reading of a document until the transaction ends. Workers lock it before the
-- document, and so does whoever takes the reading away.
SELECT claim
  FROM outbox
 WHERE kind = 'read_documents'
   AND subject_id = %(id)s
   FOR UPDATE;

-- name: current :one
-- A document's workspace, and the number and the hash of its current version. For a document that is
-- locked by then: a lock taken here would wait with the former version in hand, and find no row.
SELECT document.workspace_id,
       version.number,
       version.sha256
  FROM documents AS document
  JOIN document_versions AS version
    ON version.id = document.version_id
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_read_document(%(id)s, %(workspace_id)s);

-- name: hold_standing :maybe
-- Locks a document of a workspace until the transaction ends; no row if it is in the trash or gone, or
-- has no file yet.
SELECT id
  FROM documents
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND status IN ('processing', 'ready', 'failed')
   FOR NO KEY UPDATE;

-- name: add :value
-- Adds a version, whose object is in the store, to a document; its number, which no version of the
-- document has had.
INSERT INTO document_versions
  (
    workspace_id,
    document_id,
    number,
    object_id,
    name,
    media_type,
    kind,
    bytes,
    sha256,
    created_by
  )
SELECT document.workspace_id,
       document.id,
       document.versions + 1,
       %(object_id)s,
       coalesce(%(name)s, document.name),
       %(media_type)s,
       %(kind)s,
       %(bytes)s,
       %(sha256)s,
       %(created_by)s
  FROM documents AS document
 WHERE document.id = %(id)s
   AND document.workspace_id = %(workspace_id)s
RETURNING number;

-- name: make_current :value
-- Makes a version the current one of its document, which is read again; no row if there is no such
-- version. The document keeps what its owner wrote, and its name if that is not the former version's.
-- The database refuses it for discarded documents.
UPDATE documents AS document
   SET status = CASE
         WHEN document.status IN ('processing', 'ready', 'failed') THEN 'processing'
         ELSE next_status('document', document.status, 'change')
       END,
       version_id = version.id,
       versions = greatest(document.versions, version.number),
       text_id = NULL,
       name = CASE WHEN document.name = former.name THEN version.name ELSE document.name END,
       language = NULL,
       error = NULL,
       error_code = NULL,
       updated_at = now()
  FROM document_versions AS version,
       document_versions AS former
 WHERE document.id = %(id)s
   AND document.workspace_id = %(workspace_id)s
   AND version.document_id = document.id
   AND version.number = %(number)s
   AND former.id = document.version_id
RETURNING document.id;

-- name: list_of_document :many
-- The versions of a document, newest first.
SELECT *,
       number AS position
  FROM version_answers(home_to_read_document(%(id)s, %(workspace_id)s), %(workspace_id)s)
 WHERE document_id = %(id)s
   AND number < coalesce(%(after)s, 2147483647)
 ORDER BY number DESC
 LIMIT %(limit)s;

-- name: get :one
-- A version of a document.
SELECT *
  FROM version_answers(home_to_read_document(%(id)s, %(workspace_id)s), %(workspace_id)s)
 WHERE document_id = %(id)s
   AND number = %(number)s;

-- name: remove :value
-- Removes a version of a document; its object is doomed. No row if there is no such version. The
-- database refuses to remove the current one.
DELETE FROM document_versions AS version
 USING documents AS document
 WHERE version.document_id = document.id
   AND document.id = %(id)s
   AND document.workspace_id = %(workspace_id)s
   AND version.number = %(number)s
RETURNING version.number;
