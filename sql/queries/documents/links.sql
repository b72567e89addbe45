-- name: create :one
-- A new link to a document or to a folder.
INSERT INTO links
  (workspace_id, document_id, folder_id, token_hash, password_hash, most_downloads, created_by, expires_at)
VALUES (
  %(workspace_id)s,
  %(document_id)s,
  %(folder_id)s,
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

-- name: list_of_thing :many
-- The links to a document or to a folder that have not expired, newest first.
SELECT id,
       password_hash IS NOT NULL AS needs_password,
       most_downloads,
       downloads,
       created_at,
       expires_at,
       last_used_at
  FROM links
 WHERE workspace_id = %(workspace_id)s
   AND (document_id = %(document_id)s OR folder_id = %(folder_id)s)
   AND (expires_at IS NULL OR expires_at > now())
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: remove :value
-- Ends a link; its id, or no row if the document or the folder has no such link.
DELETE FROM links
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND (document_id = %(document_id)s OR folder_id = %(folder_id)s)
   AND (expires_at IS NULL OR expires_at > now())
RETURNING id;

-- name: find :one
-- The link of an address, and the file or the folder that it leads to; no row if it has expired or been
-- ended, or its document is in the trash or has no file yet.
SELECT link.id,
       link.workspace_id,
       link.document_id,
       link.folder_id,
       link.password_hash,
       link.expires_at,
       coalesce(link.downloads >= link.most_downloads, false) AS is_used_up,
       coalesce(link.last_used_at < now() - interval '1 hour', true) AS is_seldom_used,
       coalesce(document.name, folder.name) AS name,
       folder.updated_at,
       version.media_type,
       version.bytes,
       encode(version.sha256, 'hex') AS sha256,
       object.key
  FROM links AS link
  LEFT JOIN folders AS folder
    ON folder.id = link.folder_id
  LEFT JOIN documents AS document
    ON document.id = link.document_id
   AND document.status <> 'discarded'
  LEFT JOIN document_versions AS version
    ON version.id = document.version_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE link.token_hash = %(token_hash)s
   AND (link.expires_at IS NULL OR link.expires_at > now())
   AND (folder.id IS NOT NULL OR object.id IS NOT NULL);

-- name: list_items :many
-- What a link to a folder shows: the confirmed items in it and below it, newest first, with nothing that
-- is their owners' alone. `appeared_at` is since when an item is there for everybody.
SELECT item.id,
       item.title,
       item.source_url,
       item.summary,
       item.author,
       item.tags,
       item.published_at,
       item.created_at,
       greatest(item.confirmed_at, held.created_at) AS appeared_at
  FROM (
         SELECT item_id,
                min(created_at) AS created_at
           FROM folder_items
          WHERE workspace_id = %(workspace_id)s
            AND folder_id = ANY (ARRAY(SELECT below.id FROM folders_below(%(folder_id)s) AS below))
            AND item_id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          GROUP BY item_id
          ORDER BY item_id DESC
       ) AS held
 CROSS JOIN LATERAL (
         SELECT *
           FROM item_answers(%(workspace_id)s) AS answer
          WHERE answer.id = held.item_id
            AND answer.status = 'confirmed'
         OFFSET 0
       ) AS item
 ORDER BY held.item_id DESC
 LIMIT %(limit)s;

-- name: note_use :exec
-- Notes that a link to a folder was used.
UPDATE links
   SET last_used_at = now()
 WHERE id = %(id)s;

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
