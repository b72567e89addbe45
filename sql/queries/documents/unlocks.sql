-- name: find :one
-- What a password is tried on: a document's current version, and whether it needs one.
SELECT document.version_id,
       document.status = 'failed' AND document.error_code IS NOT DISTINCT FROM 'encrypted'
         AS is_encrypted,
       version.name,
       version.media_type,
       object.key
  FROM documents AS document
  JOIN document_versions AS version
    ON version.id = document.version_id
  JOIN objects AS object
    ON object.id = version.object_id
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, 'write');

-- name: unlock :maybe
-- Has a worker go on with the text of an encrypted version, which was just saved; no row if another
-- version is the current one by now.
UPDATE documents
   SET status = next_status('document', status, 'retry'),
       title = coalesce(title, %(title)s),
       dated_on = coalesce(dated_on, %(dated_on)s),
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, 'write')
   AND version_id = %(version_id)s
RETURNING id;
