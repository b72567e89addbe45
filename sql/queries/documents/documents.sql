-- name: create :value
-- A new document with its first version. If its object is in the store, its reading is queued; without
-- a hash, it is waited for.
WITH version AS (
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
  VALUES (
    %(workspace_id)s,
    %(id)s,
    1,
    %(object_id)s,
    %(name)s,
    %(media_type)s,
    %(kind)s,
    %(bytes)s,
    %(sha256)s,
    %(created_by)s
  )
  RETURNING id
)
INSERT INTO documents
  (
    id,
    workspace_id,
    created_by,
    folder_id,
    status,
    name,
    title,
    category,
    version_id,
    metadata,
    expires_at
  )
SELECT %(id)s,
       %(workspace_id)s,
       %(created_by)s,
       %(folder_id)s,
       CASE WHEN %(sha256)s::bytea IS NULL THEN 'awaiting_upload' ELSE 'processing' END,
       %(name)s,
       %(title)s,
       %(category)s,
       version.id,
       %(metadata)s,
       %(expires_at)s
  FROM version
RETURNING id;

-- name: hold_file :exec
-- Serializes uploads of the same file into a workspace, until the transaction ends.
SELECT pg_advisory_xact_lock(
         hashtextextended(%(workspace_id)s::text || encode(%(sha256)s, 'hex'), 1)
       );

-- name: find_file :many
-- The documents whose current version is this file, oldest first, including the trash. What a job
-- produced does not keep anybody from uploading the same.
SELECT document.id,
       document.status
  FROM document_versions AS version
  JOIN documents AS document
    ON document.version_id = version.id
 WHERE version.workspace_id = %(workspace_id)s
   AND version.sha256 = %(sha256)s
   AND document.produced_by_job_id IS NULL
 ORDER BY document.id
 LIMIT 20;

-- name: get :one
-- A complete document, as it is seen from a workspace. Its suggestions name folders and tags of the
-- document's own workspace, which sharees do not see.
SELECT *,
       CASE WHEN shared IS NULL THEN pending_suggestions(id) ELSE '[]' END AS suggestions
  FROM document_answers(home_to_read_document(%(id)s, %(workspace_id)s), %(workspace_id)s)
 WHERE id = %(id)s;

-- name: home :value
-- The workspace of a document that may be read from a workspace; no row if it is out of reach.
SELECT workspace_id
  FROM documents
 WHERE id = %(id)s
   AND workspace_id = home_to_read_document(%(id)s, %(workspace_id)s);

-- name: home_to_change :value
-- The workspace of a document that may be changed from a workspace; no row if it is out of reach. The
-- database refuses what a share does not allow.
SELECT workspace_id
  FROM documents
 WHERE id = %(id)s
   AND workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, %(needed)s);

-- name: lock :value
-- Locks a document until the transaction ends; its status, or no row if it is out of reach. The database
-- refuses what a share does not allow.
SELECT status
  FROM documents
 WHERE id = %(id)s
   AND workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, %(needed)s)
   FOR NO KEY UPDATE;

-- name: act :value
-- Performs an action on a document; the id, or no row if it is out of reach. The database refuses an
-- action that the status or a share does not allow.
UPDATE documents
   SET status = next_status('document', status, %(action)s),
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, %(needed)s)
RETURNING id;

-- name: change :value
-- Edits a document's fields; its workspace, or no row if it is out of reach. The database refuses edits
-- of discarded documents, and what a share does not allow.
UPDATE documents
   SET status = CASE
         WHEN status <> 'discarded' THEN status
         ELSE next_status('document', status, 'edit')
       END,
       name = coalesce(change.fields ->> 'name', name),
       title = CASE WHEN change.fields ? 'title' THEN change.fields ->> 'title' ELSE title END,
       summary = CASE WHEN change.fields ? 'summary' THEN change.fields ->> 'summary' ELSE summary END,
       category = CASE
         WHEN change.fields ? 'category' THEN change.fields ->> 'category'
         ELSE category
       END,
       correspondent = CASE
         WHEN change.fields ? 'correspondent' THEN change.fields ->> 'correspondent'
         ELSE correspondent
       END,
       dated_on = CASE
         WHEN change.fields ? 'dated_on' THEN (change.fields ->> 'dated_on')::date
         ELSE dated_on
       END,
       metadata = coalesce(change.fields -> 'metadata', metadata),
       expires_at = CASE
         WHEN change.fields ? 'expires_at' THEN (change.fields ->> 'expires_at')::timestamptz
         ELSE expires_at
       END,
       written_fields = written_fields || ARRAY(
         SELECT jsonb_object_keys(change.fields - ARRAY['name', 'metadata', 'expires_at'])
       ),
       updated_at = now()
  FROM (SELECT %(fields)s::jsonb AS fields) AS change
 WHERE id = %(id)s
   AND workspace_id = home_to_change_document(%(id)s, %(workspace_id)s, %(needed)s)
RETURNING workspace_id;

-- name: move :exec
-- Moves a document into a folder, or out of all; 0 if it is there already, or the workspace has no such
-- document. The database refuses to move discarded documents.
UPDATE documents
   SET status = CASE
         WHEN status <> 'discarded' THEN status
         ELSE next_status('document', status, 'move')
       END,
       folder_id = %(folder_id)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND folder_id IS DISTINCT FROM %(folder_id)s;

-- name: list_of_workspace :many
-- Documents that are not in the trash and match the filters, newest first. Those that a job produced are
-- left out unless they are asked for.
SELECT *
  FROM document_answers(%(workspace_id)s) AS document
 WHERE document.status <> 'discarded'
   AND (document.produced_by_job_id IS NOT NULL) = %(produced)s::boolean
   AND document.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(status)s::text IS NULL OR document.status = %(status)s)
   AND (%(category)s::text IS NULL OR fold(document.category) = fold(%(category)s))
   AND (%(correspondent)s::text IS NULL OR fold(document.correspondent) = fold(%(correspondent)s))
   AND (
         %(folder_id)s::uuid IS NULL
         OR document.folder_id = %(folder_id)s
         OR (
              %(recursive)s::boolean
              AND document.folder_id = ANY (
                ARRAY(SELECT below.id FROM folders_below(%(folder_id)s) AS below)
              )
            )
       )
   AND (%(kind)s::text IS NULL OR document.kind = %(kind)s)
   AND (%(media_type)s::text IS NULL OR document.media_type = %(media_type)s)
   AND (%(sha256)s::text IS NULL OR document.sha256 = %(sha256)s)
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
               WHERE document_tags.document_id = document.id
                 AND fold(tag.name) = fold(%(tag)s)
            )
       )
   AND (
         %(shared_by)s::uuid IS NULL
         OR document.id = ANY (
              ARRAY(
                SELECT shared.id
                  FROM documents_shared_by(%(workspace_id)s, %(shared_by)s) AS shared
              )
            )
       )
 ORDER BY document.id DESC
 LIMIT %(limit)s;

-- name: list_trash :many
-- Discarded documents, newest first.
SELECT *
  FROM document_answers(%(workspace_id)s) AS document
 WHERE document.status = 'discarded'
   AND document.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY document.id DESC
 LIMIT %(limit)s;

-- name: file :one
-- Where the bytes of a document's version are, by default of the current one; and the document's
-- workspace.
SELECT document.workspace_id,
       object.key,
       CASE WHEN version.id = document.version_id THEN document.name ELSE version.name END AS name,
       version.media_type,
       version.bytes,
       encode(version.sha256, 'hex') AS sha256
  FROM documents AS document
  JOIN document_versions AS version
    ON version.document_id = document.id
   AND (
         version.number = %(number)s::integer
         OR (%(number)s::integer IS NULL AND version.id = document.version_id)
       )
  JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_read_document(%(id)s, %(workspace_id)s);

-- name: text :one
-- The text of a document's version, by default the current one, or of one of its pages, and how many
-- pages it has.
SELECT coalesce(text.pages, 0) AS pages,
       coalesce(
         CASE
           WHEN %(page)s::integer IS NULL THEN text.text
           ELSE split_part(text.text, E'\f', %(page)s::integer)
         END,
         ''
       ) AS text
  FROM documents AS document
  JOIN document_versions AS version
    ON version.document_id = document.id
   AND (
         version.number = %(number)s::integer
         OR (%(number)s::integer IS NULL AND version.id = document.version_id)
       )
  LEFT JOIN LATERAL (
         SELECT document_texts.pages,
                document_texts.text
           FROM document_texts
          WHERE document_texts.version_id = version.id
          ORDER BY document_texts.id DESC
          LIMIT 1
       ) AS text
    ON true
 WHERE document.id = %(id)s
   AND document.workspace_id = home_to_read_document(%(id)s, %(workspace_id)s);

-- name: tag :exec
-- Attaches tags by name to documents; missing tags are created.
INSERT INTO document_tags (document_id, tag_id)
SELECT document.id,
       tag.id
  FROM unnest(%(document_ids)s::uuid[]) AS document (id)
 CROSS JOIN make_tags(%(workspace_id)s, %(names)s::text[]) AS tag
ON CONFLICT ON CONSTRAINT document_tags_pkey
DO NOTHING;

-- name: untag :exec
-- Removes tags from documents by name; the tags themselves stay.
DELETE FROM document_tags
 USING tags AS tag
 WHERE document_tags.document_id = ANY (%(document_ids)s::uuid[])
   AND tag.id = document_tags.tag_id
   AND tag.workspace_id = %(workspace_id)s
   AND fold(tag.name) IN (SELECT fold(name) FROM unnest(%(names)s::text[]) AS unwanted (name));

-- name: purge :exec
-- Permanently removes a document. The objects of its versions are doomed; its history stays.
WITH purged AS (
  DELETE FROM documents
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       'document',
       id,
       'document.purged',
       'discarded',
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM purged;

-- name: purge_old :exec
-- Permanently removes a batch of the documents that were discarded longest ago, before a time.
WITH past AS MATERIALIZED (
  SELECT id
    FROM documents
   WHERE status = 'discarded'
     AND updated_at < now() - %(kept)s::interval
   ORDER BY updated_at
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
       'document.purged',
       'discarded',
       current_setting('coffer.actor')
  FROM purged;

-- name: discard_expired :exec
-- Discards a batch of the documents that have expired.
WITH past AS MATERIALIZED (
  SELECT id
    FROM documents
   WHERE expires_at <= now()
     AND status <> 'discarded'
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE documents
   SET status = 'discarded',
       updated_at = now()
  FROM past
 WHERE documents.id = past.id;

-- name: load_for_reading :many
-- The documents to read, where their bytes are and, for those that a client wrote itself, where they
-- arrived; and the text that was read before, if any. No row for those that are gone or need no reading.
SELECT document.id,
       document.name,
       document.version_id,
       version.media_type,
       version.kind,
       object.key,
       arrived.key AS arrived_key,
       arrived.bytes AS announced_bytes,
       arrived.sha256 AS announced_sha256,
       text.pages AS known_pages,
       text.text AS known_text
  FROM documents AS document
  JOIN document_versions AS version
    ON version.id = document.version_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
   AND object.status <> 'doomed'
  LEFT JOIN objects AS arrived
    ON arrived.id = version.arrived_id
   AND arrived.status <> 'doomed'
  LEFT JOIN LATERAL (
         SELECT document_texts.pages,
                document_texts.text
           FROM document_texts
          WHERE document_texts.version_id = version.id
          ORDER BY document_texts.id DESC
          LIMIT 1
       ) AS text
    ON true
 WHERE document.id = ANY (%(ids)s::uuid[])
   AND document.status = 'processing';

-- name: ask_reading :exec
-- Says how some documents, whose reading was just queued, are to be read.
UPDATE outbox
   SET payload = %(asked)s
 WHERE kind = 'read_documents'
   AND subject_id = ANY (%(ids)s::uuid[]);

-- name: keep_text :value
-- Saves the text of a version; its id. Earlier texts stay until `forget_texts`.
INSERT INTO document_texts (version_id, pages, ocr_pages, text, words)
VALUES (
  %(version_id)s,
  %(pages)s,
  %(ocr_pages)s,
  %(text)s,
  search_long(search_config(%(language)s)::regconfig, %(text)s)
)
RETURNING id;

-- name: save_reading :value
-- Saves that a document was read, if it still needs it: 1, or 0. What its owner wrote is kept.
WITH version AS (
  UPDATE document_versions
     SET media_type = %(media_type)s,
         kind = %(kind)s
   WHERE id = %(version_id)s
),
document AS (
  UPDATE documents
     SET status = 'ready',
         text_id = %(text_id)s,
         language = %(language)s,
         title = coalesce(title, %(title)s),
         dated_on = coalesce(dated_on, %(dated_on)s),
         error = NULL,
         error_code = NULL,
         updated_at = now()
   WHERE id = %(id)s
     AND version_id = %(version_id)s
     AND status = 'processing'
  RETURNING id
)
SELECT count(*)
  FROM document;

-- name: forget_texts :exec
-- Removes the texts of a version that its document does not use.
DELETE FROM document_texts AS text
 WHERE text.version_id = %(version_id)s
   AND NOT EXISTS (
         SELECT
           FROM documents AS document
          WHERE document.text_id = text.id
       );

-- name: fail :exec
-- Saves that a document could not be read.
UPDATE documents
   SET status = 'failed',
       error = %(error)s,
       error_code = %(error_code)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'processing';

-- name: retry :exec
-- Reads a failed document again, for an operator.
UPDATE documents
   SET status = 'processing',
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'failed';
