-- Documents: files that are stored, read and searched.

-- `version_id` is the current version, `text_id` the latest text read from it. `versions` is the highest
-- number that a version has had: no other gets it again. `classified` is the hash of the text that was
-- classified last; null if that is to be done, whatever the text. `error_code` says why it could not be
-- read: 'encrypted', 'damaged', 'too_complex', 'unsupported', 'empty', 'mismatch' or 'lost'.
-- `produced_by_job_id` is the job whose tables the document exports; such a document is ready at once and
-- never read by itself.
CREATE TABLE documents (
  id            uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id  uuid        NOT NULL,
  created_by    uuid        NOT NULL,
  folder_id     uuid,
  status        text        NOT NULL,
  name          text        NOT NULL,
  title         text,
  summary       text,
  category      text,
  correspondent text,
  dated_on      date,
  language      text,
  version_id    uuid        NOT NULL,
  versions      integer     NOT NULL DEFAULT 1,
  text_id       uuid,
  classified    bytea,
  error         text,
  error_code    text,
  metadata      jsonb       NOT NULL DEFAULT '{}',
  produced_by_job_id uuid,
  expires_at    timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT documents_pkey PRIMARY KEY (id),
  CONSTRAINT documents_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT documents_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT documents_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT documents_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT documents_name_is_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT documents_title_is_1_to_200_characters CHECK (length(title) BETWEEN 1 AND 200),
  CONSTRAINT documents_summary_is_at_most_2000_characters CHECK (length(summary) <= 2000),
  CONSTRAINT documents_category_is_1_to_100_characters CHECK (length(category) BETWEEN 1 AND 100),
  CONSTRAINT documents_correspondent_is_1_to_200_characters
    CHECK (length(correspondent) BETWEEN 1 AND 200),
  CONSTRAINT documents_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);

-- The versions of a document. `sha256`, `media_type` and `kind` are null until the bytes have arrived.
-- `arrived_id` is the object that a client wrote by a signed address, until it is copied into `object_id`.
-- `object_id` is null once a file that was refused is deleted.
-- `media_type` and `kind` are detected from the bytes; the client's claim is never used.
CREATE TABLE document_versions (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  document_id  uuid        NOT NULL,
  number       integer     NOT NULL,
  object_id    uuid,
  arrived_id   uuid,
  name         text        NOT NULL,
  media_type   text,
  kind         text,
  bytes        bigint      NOT NULL,
  sha256       bytea,
  created_by   uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT document_versions_pkey PRIMARY KEY (id),
  CONSTRAINT document_versions_number_is_unique UNIQUE (document_id, number),
  CONSTRAINT document_versions_of_a_document_are_its_own UNIQUE (document_id, id),
  CONSTRAINT document_versions_object_is_theirs_alone UNIQUE (object_id),
  CONSTRAINT document_versions_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT document_versions_object_exists FOREIGN KEY (object_id)
    REFERENCES objects (id) ON DELETE SET NULL,
  CONSTRAINT document_versions_arrived_object_exists FOREIGN KEY (arrived_id)
    REFERENCES objects (id) ON DELETE SET NULL,
  CONSTRAINT document_versions_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT document_versions_name_is_1_to_255_characters CHECK (length(name) BETWEEN 1 AND 255),
  CONSTRAINT document_versions_sha256_is_one CHECK (length(sha256) = 32)
);

-- To recognise a file that was uploaded before.
CREATE INDEX document_versions_by_hash ON document_versions (workspace_id, sha256);

CREATE INDEX document_versions_by_arrived_object ON document_versions (arrived_id)
 WHERE arrived_id IS NOT NULL;

-- The text of a version, with form feeds between pages. `ocr_pages` are the pages read by OCR. `words`
-- is the text's part of the document's search vector.
CREATE TABLE document_texts (
  id         uuid        NOT NULL DEFAULT uuidv7(),
  version_id uuid        NOT NULL,
  pages      integer     NOT NULL,
  ocr_pages  integer[]   NOT NULL DEFAULT '{}',
  text       text        NOT NULL,
  words      tsvector    NOT NULL,
  read_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT document_texts_pkey PRIMARY KEY (id),
  CONSTRAINT document_texts_version_exists FOREIGN KEY (version_id)
    REFERENCES document_versions (id) ON DELETE CASCADE,
  CONSTRAINT document_texts_are_at_most_4000000_characters CHECK (length(text) <= 4000000)
);

CREATE INDEX document_texts_by_version ON document_texts (version_id);

ALTER TABLE documents
  ADD CONSTRAINT documents_version_is_theirs FOREIGN KEY (id, version_id)
    REFERENCES document_versions (document_id, id),
  ADD CONSTRAINT documents_text_exists FOREIGN KEY (text_id)
    REFERENCES document_texts (id);

INSERT INTO transitions
  (entity,     from_status,       to_status,         event,                  action,      work,             payload)
VALUES
  ('document', NULL,              'awaiting_upload', 'document.announced',   NULL,        NULL,             '{name}'),
  ('document', NULL,              'processing',      'document.uploaded',    NULL,        'read_documents', '{name}'),
  ('document', 'awaiting_upload', 'processing',      'document.uploaded',    'complete',  'read_documents', '{name}'),
  ('document', 'awaiting_upload', 'discarded',       'document.discarded',   'discard',   NULL,             '{}'),
  ('document', 'processing',      'ready',           'document.read',        NULL,        NULL,             '{language}'),
  ('document', 'processing',      'failed',          'document.failed',      NULL,        NULL,             '{error,error_code}'),
  ('document', 'failed',          'processing',      'document.retried',     'retry',     'read_documents', '{}'),
  ('document', 'ready',           'processing',      'document.reprocessed', 'reprocess', 'read_documents', '{}'),
  ('document', 'processing',      'discarded',       'document.discarded',   'discard',   NULL,             '{}'),
  ('document', 'ready',           'discarded',       'document.discarded',   'discard',   NULL,             '{}'),
  ('document', 'failed',          'discarded',       'document.discarded',   'discard',   NULL,             '{}'),
  ('document', 'discarded',       'processing',      'document.restored',    'restore',   'read_documents', '{}');

CALL follow_transitions('documents', 'document');

-- For the lists of documents and of the trash, newest first; for the documents in a folder; and for
-- those to discard, purge or give up next.
CREATE INDEX documents_kept ON documents (workspace_id, id) WHERE status <> 'discarded';
CREATE INDEX documents_trash ON documents (workspace_id, id) WHERE status = 'discarded';
CREATE INDEX documents_by_folder ON documents (workspace_id, folder_id, id) WHERE folder_id IS NOT NULL;
CREATE INDEX documents_by_expiry ON documents (expires_at)
 WHERE expires_at IS NOT NULL
   AND status <> 'discarded';
CREATE INDEX documents_by_text ON documents (text_id);
CREATE INDEX documents_by_version ON documents (version_id);
CREATE INDEX documents_by_time_of_discard ON documents (updated_at) WHERE status = 'discarded';

CREATE INDEX documents_awaited ON documents (created_at) WHERE status = 'awaiting_upload';

-- Dooms the objects of a deleted version.
CREATE FUNCTION doom_object()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE objects
     SET status = 'doomed'
   WHERE id IN (OLD.object_id, OLD.arrived_id)
     AND status <> 'doomed';
  RETURN NULL;
END
$$;

CREATE TRIGGER document_versions_take_their_object_along
  AFTER DELETE ON document_versions
  FOR EACH ROW
  EXECUTE FUNCTION doom_object();

CREATE TABLE document_tags (
  document_id uuid        NOT NULL,
  tag_id      uuid        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT document_tags_pkey PRIMARY KEY (document_id, tag_id),
  CONSTRAINT document_tags_document_exists FOREIGN KEY (document_id)
    REFERENCES documents (id) ON DELETE CASCADE,
  CONSTRAINT document_tags_tag_exists FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);

CREATE INDEX document_tags_by_tag ON document_tags (tag_id);

-- How something of another workspace is reached from a user's personal workspace: the share that allows
-- most, whose workspace it is, who shared it, and how far above it the topmost shared folder is; that
-- is null for a document that is shared by itself.
CREATE TYPE reach AS (
  share_id     uuid,
  workspace_id uuid,
  level        text,
  shared_by    text,
  expires_at   timestamptz,
  height       integer
);

-- Nothing of another workspace is reached, until the migration of shares replaces these.
CREATE FUNCTION reach_of_folder(of_folder uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS 'BEGIN RETURN NULL; END';

CREATE FUNCTION reach_of_document(of_document uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS 'BEGIN RETURN NULL; END';

-- A reach as responses show it; null if there is none.
CREATE FUNCTION reach_answer(reach reach)
RETURNS jsonb
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN CASE
  WHEN (reach).share_id IS NOT NULL THEN jsonb_build_object(
    'level', (reach).level,
    'by', (reach).shared_by,
    'expires_at', to_char((reach).expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  )
END;

-- A folder as responses show it: `path` has the names of the folders from the topmost one to this one,
-- and the counts are of what is directly in it.
CREATE TYPE folder_answer AS (
  id         uuid,
  parent_id  uuid,
  name       text,
  path       text[],
  documents  bigint,
  folders    bigint,
  created_at timestamptz,
  updated_at timestamptz,
  shared     jsonb
);

-- A workspace's folders as responses show them, by default to its members. Seen from a workspace that
-- one is shared with, nothing shows that is above the topmost shared folder.
CREATE FUNCTION folder_answers(of_workspace uuid, seen_from uuid DEFAULT NULL)
RETURNS SETOF folder_answer
LANGUAGE sql
STABLE
AS $$
  SELECT folder.id,
         CASE
           WHEN seen_from <> folder.workspace_id THEN (
             SELECT folder.parent_id
               FROM reach_of_folder(folder.id, seen_from) AS reach
              WHERE reach.height > 0
           )
           ELSE folder.parent_id
         END,
         folder.name,
         ARRAY(
           SELECT above.name
             FROM folders_above(folder.id) AS above
            WHERE above.distance <= CASE
                    WHEN seen_from <> folder.workspace_id THEN (
                      SELECT reach.height
                        FROM reach_of_folder(folder.id, seen_from) AS reach
                    )
                    ELSE above.distance
                  END
            ORDER BY above.distance DESC
         ),
         (
           SELECT count(*)
             FROM documents AS document
            WHERE document.workspace_id = folder.workspace_id
              AND document.folder_id = folder.id
              AND document.status <> 'discarded'
         ),
         (
           SELECT count(*)
             FROM folders AS inner_folder
            WHERE inner_folder.parent_id = folder.id
         ),
         folder.created_at,
         folder.updated_at,
         CASE
           WHEN seen_from <> folder.workspace_id
             THEN reach_answer(reach_of_folder(folder.id, seen_from))
         END
    FROM folders AS folder
   WHERE folder.workspace_id = of_workspace
$$;

-- The versions of a workspace's documents as responses show them in a workspace. In another one, it is
-- not said whose they are.
CREATE FUNCTION version_answers(of_workspace uuid, seen_from uuid)
RETURNS TABLE (
  document_id uuid,
  number      integer,
  name        text,
  media_type  text,
  kind        text,
  bytes       bigint,
  sha256      text,
  is_current  boolean,
  created_by  uuid,
  created_at  timestamptz
)
LANGUAGE sql
STABLE
AS $$
  SELECT version.document_id,
         version.number,
         version.name,
         version.media_type,
         version.kind,
         version.bytes,
         encode(version.sha256, 'hex'),
         version.id = document.version_id,
         CASE WHEN seen_from = of_workspace THEN version.created_by END,
         version.created_at
    FROM documents AS document
    JOIN document_versions AS version
      ON version.document_id = document.id
   WHERE document.workspace_id = of_workspace
$$;

-- A document as responses show it.
CREATE TYPE document_answer AS (
  id            uuid,
  folder_id     uuid,
  status        text,
  name          text,
  title         text,
  summary       text,
  category      text,
  correspondent text,
  dated_on      date,
  language      text,
  media_type    text,
  kind          text,
  bytes         bigint,
  sha256        text,
  version       integer,
  pages         integer,
  tags          text[],
  metadata      jsonb,
  error         text,
  error_code    text,
  produced_by_job_id uuid,
  expires_at    timestamptz,
  created_at    timestamptz,
  updated_at    timestamptz,
  progress      jsonb,
  is_classified boolean,
  shared        jsonb
);

-- A workspace's documents as responses show them, by default to its members. Seen from a workspace that
-- one is shared with, a folder that is not shared does not show.
CREATE FUNCTION document_answers(of_workspace uuid, seen_from uuid DEFAULT NULL)
RETURNS SETOF document_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT document.id,
         CASE
           WHEN seen_from <> document.workspace_id THEN (
             SELECT document.folder_id
               FROM reach_of_document(document.id, seen_from) AS reach
              WHERE reach.height IS NOT NULL
           )
           ELSE document.folder_id
         END,
         document.status,
         document.name,
         document.title,
         document.summary,
         document.category,
         document.correspondent,
         document.dated_on,
         document.language,
         version.media_type,
         version.kind,
         version.bytes,
         encode(version.sha256, 'hex'),
         version.number,
         text.pages,
         ARRAY(
           SELECT tag.name
             FROM document_tags
             JOIN tags AS tag
               ON tag.id = document_tags.tag_id
            WHERE document_tags.document_id = document.id
            ORDER BY fold(tag.name)
         ),
         document.metadata,
         document.error,
         document.error_code,
         document.produced_by_job_id,
         document.expires_at,
         document.created_at,
         document.updated_at,
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'read_documents'
              AND work.subject_id = document.id
         ),
         document.classified IS NOT NULL,
         CASE
           WHEN seen_from <> document.workspace_id
             THEN reach_answer(reach_of_document(document.id, seen_from))
         END
    FROM documents AS document
    JOIN document_versions AS version
      ON version.id = document.version_id
    LEFT JOIN document_texts AS text
      ON text.id = document.text_id
   WHERE document.workspace_id = of_workspace
$$;

-- A new reading is a new text with another `text_id`, so the search index notices it.
CREATE VIEW searchable_documents
WITH (security_invoker = true)
AS
SELECT document.id,
       'document' AS type,
       document.workspace_id,
       document.workspace_id AS audience,
       coalesce(
         (SELECT kind FROM document_versions WHERE id = document.version_id), 'document'
       ) AS kind,
       document.status,
       search_config(document.language) AS config,
       coalesce(document.title, document.name) AS title,
       document.summary,
       concat_ws(' ', document.name, document.correspondent, document.category) AS origin,
       (SELECT text FROM document_texts WHERE id = document.text_id) AS body,
       NULL::text AS source_url,
       ARRAY(
         SELECT tag_id
           FROM document_tags
          WHERE document_tags.document_id = document.id
       ) AS tag_ids,
       document.created_at,
       ARRAY[' c:' || fold(document.category), ' f:' || document.folder_id] AS facets,
       (SELECT words FROM document_texts WHERE id = document.text_id) AS words
  FROM documents AS document;

CALL make_searchable('documents', tagged_by => 'document_tags');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:documents:read'),
  ('member', 'workspace:documents:read'),
  ('member', 'workspace:documents:write'),
  ('owner',  'workspace:documents:read'),
  ('owner',  'workspace:documents:write');

INSERT INTO schedules (kind, cron)
VALUES
  ('expire_documents', '7 * * * *'),
  ('purge_documents',  '17 * * * *');
