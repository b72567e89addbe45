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
-- What a link to a folder shows: the confirmed items in it and below it, with nothing that is their owners' alone.
-- First what was put there last; what is in several of the folders counts from its first place among them on.
-- `appeared_at` is since when an item is there for everybody, `position` says where the next page begins. Of each
-- folder no more is read than a page.
WITH tree AS MATERIALIZED (
  SELECT ARRAY(SELECT below.id FROM folders_below(%(folder_id)s) AS below) AS ids
),
held AS MATERIALIZED (
  SELECT first.item_id,
         first.created_at
    FROM tree
   CROSS JOIN unnest(tree.ids) AS folder (id)
   CROSS JOIN LATERAL (
           SELECT place.item_id,
                  place.created_at
             FROM folder_items AS place
             JOIN items AS item
               ON item.id = place.item_id
              AND item.workspace_id = place.workspace_id
              AND item.status = 'confirmed'
            WHERE place.workspace_id = %(workspace_id)s
              AND place.folder_id = folder.id
              AND (place.created_at, place.item_id) < (
                    coalesce(%(after_time)s, 'infinity'::timestamptz),
                    coalesce(%(after_id)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
                  )
              AND NOT EXISTS (
                    SELECT
                      FROM folder_items AS other
                     WHERE other.item_id = place.item_id
                       AND other.folder_id = ANY (tree.ids)
                       AND (other.created_at, other.folder_id) < (place.created_at, place.folder_id)
                  )
            ORDER BY place.created_at DESC, place.item_id DESC
            LIMIT %(limit)s
         ) AS first
   ORDER BY first.created_at DESC, first.item_id DESC
   LIMIT %(limit)s
)
SELECT item.id,
       item.title,
       item.source_url,
       item.summary,
       item.author,
       item.tags,
       item.published_at,
       item.created_at,
       greatest(item.confirmed_at, held.created_at) AS appeared_at,
       (extract(epoch FROM held.created_at) * 1000000)::bigint || ' ' || held.item_id AS position
  FROM held
 CROSS JOIN LATERAL (
         SELECT *
           FROM item_answers(%(workspace_id)s) AS answer
          WHERE answer.id = held.item_id
         OFFSET 0
       ) AS item
 ORDER BY held.created_at DESC, held.item_id DESC;

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
