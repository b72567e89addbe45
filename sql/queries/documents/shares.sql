-- name: sharee :maybe
-- The user with a handle, to share something with; no row if there is none, or they are disabled.
SELECT id
  FROM users
 WHERE handle = %(handle)s
   AND disabled_at IS NULL;

-- name: create_of_document :maybe
-- Shares a document with a user, in the place of a share that has expired; no row if it is shared with
-- them already. The database refuses members of the workspace.
INSERT INTO shares AS standing
  (workspace_id, document_id, user_id, level, shared_by, expires_at)
VALUES (
  %(workspace_id)s,
  %(document_id)s,
  %(user_id)s,
  %(level)s,
  %(shared_by)s,
  %(expires_at)s
)
ON CONFLICT ON CONSTRAINT shares_of_a_document_are_one_for_each_user
DO UPDATE
      SET level = EXCLUDED.level,
          shared_by = EXCLUDED.shared_by,
          shared_at = EXCLUDED.shared_at,
          expires_at = EXCLUDED.expires_at
    WHERE standing.expires_at <= now()
RETURNING id;

-- name: create_of_folder :maybe
-- Shares a folder with a user, as `create_of_document` does a document.
INSERT INTO shares AS standing
  (workspace_id, folder_id, user_id, level, shared_by, expires_at)
VALUES (
  %(workspace_id)s,
  %(folder_id)s,
  %(user_id)s,
  %(level)s,
  %(shared_by)s,
  %(expires_at)s
)
ON CONFLICT ON CONSTRAINT shares_of_a_folder_are_one_for_each_user
DO UPDATE
      SET level = EXCLUDED.level,
          shared_by = EXCLUDED.shared_by,
          shared_at = EXCLUDED.shared_at,
          expires_at = EXCLUDED.expires_at
    WHERE standing.expires_at <= now()
RETURNING id;

-- name: get :one
-- A share of a document or of a folder.
SELECT *
  FROM share_answers(%(workspace_id)s, %(document_id)s, %(folder_id)s)
 WHERE id = %(id)s;

-- name: list_of_thing :many
-- The shares of a document or of a folder, newest first.
SELECT *
  FROM share_answers(%(workspace_id)s, %(document_id)s, %(folder_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: change :one
-- Changes the level or the end of a share; whom it is with.
UPDATE shares
   SET level = coalesce(change.fields ->> 'level', level),
       expires_at = CASE
         WHEN change.fields ? 'expires_at' THEN (change.fields ->> 'expires_at')::timestamptz
         ELSE expires_at
       END
  FROM (SELECT %(fields)s::jsonb AS fields) AS change
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND (document_id = %(document_id)s OR folder_id = %(folder_id)s)
   AND (expires_at IS NULL OR expires_at > now())
RETURNING user_id;

-- name: remove :one
-- Ends a share; whom it was with. Waits for changes that are being made through it.
DELETE FROM shares
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND (document_id = %(document_id)s OR folder_id = %(folder_id)s)
   AND (expires_at IS NULL OR expires_at > now())
RETURNING user_id, level;

-- name: list_documents :many
-- The documents of others that are shared with the user of a personal workspace and match the filters,
-- newest first. Each part finds its documents by their ids, whatever their number, so no plan reads those
-- of anybody else.
WITH shared AS MATERIALIZED (
  SELECT id, workspace_id, share_id, folder_id
    FROM documents_shared_with(%(workspace_id)s)
   WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   -- So that no more are looked at than the page needs.
   ORDER BY id DESC
),
page AS MATERIALIZED (
  SELECT shared.*
    FROM shared
   CROSS JOIN LATERAL (
           SELECT document.*, version.kind, version.media_type, version.sha256
             FROM documents AS document
             JOIN document_versions AS version
               ON version.id = document.version_id
            WHERE document.id = shared.id
           OFFSET 0
         ) AS document
   WHERE (%(status)s::text IS NULL OR document.status = %(status)s)
     AND (%(category)s::text IS NULL OR fold(document.category) = fold(%(category)s))
     AND (
           %(correspondent)s::text IS NULL
           OR fold(document.correspondent) = fold(%(correspondent)s)
         )
     AND (
           %(folder_id)s::uuid IS NULL
           OR shared.folder_id = %(folder_id)s
           OR (
                %(recursive)s::boolean
                AND shared.folder_id = ANY (
                  ARRAY(
                    SELECT below.id
                      FROM folders_below(%(folder_id)s) AS below
                     WHERE home_to_read_folder(%(folder_id)s, %(workspace_id)s) IS NOT NULL
                  )
                )
              )
         )
     AND (%(kind)s::text IS NULL OR document.kind = %(kind)s)
     AND (%(media_type)s::text IS NULL OR document.media_type = %(media_type)s)
     AND (%(sha256)s::text IS NULL OR document.sha256 = decode(%(sha256)s, 'hex'))
     AND (%(created_from)s::timestamptz IS NULL OR document.created_at >= %(created_from)s)
     AND (%(created_to)s::timestamptz IS NULL OR document.created_at < %(created_to)s)
     AND (%(dated_from)s::date IS NULL OR document.dated_on >= %(dated_from)s)
     AND (%(dated_to)s::date IS NULL OR document.dated_on <= %(dated_to)s)
     AND (
           %(tag)s::text IS NULL
           OR EXISTS (
                SELECT
                  FROM document_tags
                  JOIN tags AS tag
                    ON tag.id = document_tags.tag_id
                 WHERE document_tags.document_id = shared.id
                   AND fold(tag.name) = fold(%(tag)s)
              )
         )
   ORDER BY shared.id DESC
   LIMIT %(limit)s
)
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
         SELECT document
           FROM document_answers(page.workspace_id) AS document
          WHERE document.id = page.id
         OFFSET 0
       ) AS found
 CROSS JOIN LATERAL jsonb_populate_record(
         found.document,
         jsonb_build_object('folder_id', page.folder_id, 'shared', share_shown(page.share_id))
       ) AS shown
 ORDER BY page.id DESC;

-- name: list_folders :many
-- The folders of others that are shared with the user of a personal workspace, newest first: all, the
-- topmost ones, or those directly in another.
WITH shared AS MATERIALIZED (
  SELECT DISTINCT ON (folder.id)
         folder.id,
         folder.workspace_id,
         folder.share_id,
         first_value(folder.parent_id) OVER longest AS parent_id,
         first_value(folder.path) OVER longest AS path
    FROM folders_shared_with(%(workspace_id)s) AS folder
  WINDOW longest AS (PARTITION BY folder.id ORDER BY cardinality(folder.path) DESC)
   ORDER BY folder.id,
            folder.level = 'write' DESC,
            folder.expires_at DESC NULLS FIRST,
            folder.share_id
),
page AS MATERIALIZED (
  SELECT *
    FROM shared
   WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
     AND (%(parent_id)s::uuid IS NULL OR parent_id = %(parent_id)s)
     AND (NOT %(topmost)s::boolean OR parent_id IS NULL)
   ORDER BY id DESC
   LIMIT %(limit)s
)
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
         SELECT folder
           FROM folder_answers(page.workspace_id) AS folder
          WHERE folder.id = page.id
         OFFSET 0
       ) AS found
 CROSS JOIN LATERAL jsonb_populate_record(
         found.folder,
         jsonb_build_object(
           'parent_id', page.parent_id,
           'path', page.path,
           'items', NULL,
           'shared', share_shown(page.share_id)
         )
       ) AS shown
 ORDER BY page.id DESC;

-- name: list_timeline :many
-- The events of a shared document as a sharee may know them, oldest first: of others than themselves,
-- not who did something and by which request; and nothing of folders and suggestions.
SELECT id,
       event,
       from_status,
       to_status,
       CASE WHEN actor LIKE 'user:%%' AND actor <> %(actor)s THEN 'member' ELSE actor END AS actor,
       CASE WHEN actor = %(actor)s THEN request_id END AS request_id,
       CASE event WHEN 'document.classified' THEN '{}' ELSE payload END AS payload,
       occurred_at
  FROM events
 WHERE entity_id = %(document_id)s
   AND entity = 'document'
   AND workspace_id = %(workspace_id)s
   AND event <> 'document.moved'
   AND NOT payload ?| ARRAY['accepted', 'rejected']
   AND payload -> 'fields' IS DISTINCT FROM '["folder_id"]'
   AND (%(after)s::bigint IS NULL OR id > %(after)s::bigint)
 ORDER BY id
 LIMIT %(limit)s;

-- name: expire :exec
-- Removes a batch of expired shares.
WITH past AS MATERIALIZED (
  SELECT id
    FROM shares
   WHERE expires_at <= now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM shares
 USING past
 WHERE shares.id = past.id;
