-- name: create :one
-- A new link to a document.
INSERT INTO links
  (workspace_id, document_id, token_hash, password_hash, most_downloads, created_by, expires_at)
VALUES (
  %(workspace_id)s,
  %(document_id)s,
  %(token_hash)s,
  %(password_hash)s,
  %(most_downloads)s,
  %(created_by)s,
  %(expires_at)s
)
RETURNING id,
          password_hash IS NOT NULL AS needs_password,
          most_downloads,
          downloads,
          created_at,
          expires_at,
          last_used_at;

-- name: list_of_document :many
-- A document's links that have not expired, newest first.
SELECT id,
       password_hash IS NOT NULL AS needs_password,
       most_downloads,
       downloads,
       created_at,
       expires_at,
       last_used_at
  FROM links
 WHERE workspace_id = %(workspace_id)s
   AND document_id = %(document_id)s
   AND (expires_at IS NULL OR expires_at > now())
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: remove :value
-- Ends a link; its id, or no row if the document has no such link.
DELETE FROM links
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND document_id = %(document_id)s
   AND (expires_at IS NULL OR expires_at > now())
RETURNING id;

-- name: find :one
-- The link of an address, and the file it leads to; no row if it has expired or been ended, or its
-- document is in the trash or has no file yet.
SELECT link.id,
       link.workspace_id,
       link.document_id,
       link.password_hash,
       link.expires_at,
       coalesce(link.downloads >= link.most_downloads, false) AS is_used_up,
       document.name,
       version.media_type,
       version.bytes,
       encode(version.sha256, 'hex') AS sha256,
       object.key
  FROM links AS link
  JOIN documents AS document
    ON document.id = link.document_id
   AND document.status <> 'discarded'
  JOIN document_versions AS version
    ON version.id = document.version_id
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE link.token_hash = %(token_hash)s
   AND (link.expires_at IS NULL OR link.expires_at > now());

-- name: use :one
-- Counts a download through a link; no row if it has expired, been ended or been used up.
UPDATE links
   SET downloads = downloads + 1,
       last_used_at = now()
 WHERE id = %(id)s
   AND (expires_at IS NULL OR expires_at > now())
   AND (most_downloads IS NULL OR downloads < most_downloads)
RETURNING downloads;

-- name: expire :exec
-- Removes a batch of expired links.
WITH past AS MATERIALIZED (
  SELECT id
    FROM links
   WHERE expires_at <= now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM links
 USING past
 WHERE links.id = past.id;
