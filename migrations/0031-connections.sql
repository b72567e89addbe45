-- Connections to drives and mailboxes elsewhere: each belongs to one user in one workspace, and is removed
-- with the membership.

-- Whether a user who is not signed in at the moment may do something in a workspace: for what goes on in
-- their name.
CREATE FUNCTION is_permitted(of_user uuid, of_workspace uuid, wanted text)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT EXISTS (
           SELECT
             FROM members AS member
             JOIN users
               ON users.id = member.user_id
              AND users.disabled_at IS NULL
             JOIN role_permissions
               ON role_permissions.role = member.role
              AND role_permissions.permission = wanted
            WHERE member.workspace_id = of_workspace
              AND member.user_id = of_user
         )
$$;

-- `credentials` are encrypted with a key of their own, derived from the user and the connection.
-- `account` is what the user recognises them by. A connection is `broken` when the drive does not accept
-- its credentials any more, until it gets new ones.
CREATE TABLE connections (
  id             uuid        NOT NULL,
  workspace_id   uuid        NOT NULL,
  user_id        uuid        NOT NULL,
  provider       text        NOT NULL,
  name           text        NOT NULL,
  base_url       text,
  account        text,
  credentials    bytea       NOT NULL,
  status         text        NOT NULL DEFAULT 'active',
  last_error     text,
  last_synced_at timestamptz,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT connections_pkey PRIMARY KEY (id),
  CONSTRAINT connections_member_exists FOREIGN KEY (workspace_id, user_id)
    REFERENCES members (workspace_id, user_id) ON DELETE CASCADE,
  CONSTRAINT connections_provider_is_known
    CHECK (provider IN ('webdav', 'nextcloud', 'google_drive', 'onedrive', 'imap')),
  CONSTRAINT connections_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

INSERT INTO transitions
  (entity,       from_status, to_status, event,                action, work, payload)
VALUES
  ('connection', NULL,        'active',  'connection.created', NULL,   NULL, '{provider}'),
  ('connection', 'active',    'broken',  'connection.broken',  NULL,   NULL, '{last_error}'),
  ('connection', 'broken',    'active',  'connection.mended',  NULL,   NULL, '{}');

CALL follow_transitions('connections', 'connection');

CREATE INDEX connections_by_member ON connections (workspace_id, user_id, id);

-- A connection as responses show it.
CREATE TYPE connection_answer AS (
  id             uuid,
  provider       text,
  name           text,
  base_url       text,
  account        text,
  status         text,
  last_error     text,
  last_synced_at timestamptz,
  created_at     timestamptz,
  updated_at     timestamptz
);

-- The connections of a user in a workspace, as responses show them.
CREATE FUNCTION connection_answers(of_workspace uuid, of_user uuid)
RETURNS SETOF connection_answer
LANGUAGE sql
STABLE
AS $$
  SELECT id,
         provider,
         name,
         base_url,
         account,
         status,
         last_error,
         last_synced_at,
         created_at,
         updated_at
    FROM connections
   WHERE workspace_id = of_workspace
     AND user_id = of_user
$$;

-- Files on their way from a drive (`import`) or to one (`export`). `path` is the file's, or that of the
-- folder on the drive that it is sent to. `document_id` is the document that it became or comes from.
CREATE TABLE transfers (
  id            uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id  uuid        NOT NULL,
  user_id       uuid        NOT NULL,
  connection_id uuid        NOT NULL,
  direction     text        NOT NULL,
  path          text        NOT NULL,
  name          text,
  folder_id     uuid,
  document_id   uuid,
  is_duplicate  boolean,
  bytes         bigint,
  status        text        NOT NULL DEFAULT 'waiting',
  error         text,
  error_code    text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  ended_at      timestamptz,
  CONSTRAINT transfers_pkey PRIMARY KEY (id),
  CONSTRAINT transfers_connection_exists FOREIGN KEY (connection_id)
    REFERENCES connections (id) ON DELETE CASCADE,
  CONSTRAINT transfers_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT transfers_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE SET NULL (document_id),
  CONSTRAINT transfers_direction_is_known CHECK (direction IN ('import', 'export')),
  CONSTRAINT transfers_path_is_at_most_2000_characters CHECK (length(path) <= 2000)
);

INSERT INTO transitions
  (entity,     from_status, to_status,   event,                action,   work,            payload)
VALUES
  ('transfer', NULL,        'waiting',   'transfer.created',   NULL,     'run_transfers', '{direction,path}'),
  ('transfer', 'waiting',   'completed', 'transfer.completed', NULL,     NULL,            '{document_id,is_duplicate}'),
  ('transfer', 'waiting',   'failed',    'transfer.failed',    NULL,     NULL,            '{error,error_code}'),
  ('transfer', 'waiting',   'cancelled', 'transfer.cancelled', 'cancel', NULL,            '{}'),
  ('transfer', 'failed',    'waiting',   'transfer.retried',   'retry',  'run_transfers', '{}');

CALL follow_transitions('transfers', 'transfer');

CREATE INDEX transfers_by_connection ON transfers (connection_id, id);
CREATE INDEX transfers_by_folder ON transfers (workspace_id, folder_id) WHERE folder_id IS NOT NULL;
CREATE INDEX transfers_by_document ON transfers (workspace_id, document_id) WHERE document_id IS NOT NULL;
CREATE INDEX transfers_by_end ON transfers (ended_at) WHERE ended_at IS NOT NULL;

-- A transfer as responses show it.
CREATE TYPE transfer_answer AS (
  id            uuid,
  connection_id uuid,
  direction     text,
  path          text,
  name          text,
  folder_id     uuid,
  document_id   uuid,
  is_duplicate  boolean,
  bytes         bigint,
  status        text,
  error         text,
  error_code    text,
  created_at    timestamptz,
  updated_at    timestamptz,
  ended_at      timestamptz,
  progress      jsonb
);

-- The transfers of a user in a workspace, as responses show them.
CREATE FUNCTION transfer_answers(of_workspace uuid, of_user uuid)
RETURNS SETOF transfer_answer
LANGUAGE sql
STABLE
AS $$
  SELECT transfer.id,
         transfer.connection_id,
         transfer.direction,
         transfer.path,
         transfer.name,
         transfer.folder_id,
         transfer.document_id,
         transfer.is_duplicate,
         transfer.bytes,
         transfer.status,
         transfer.error,
         transfer.error_code,
         transfer.created_at,
         transfer.updated_at,
         transfer.ended_at,
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'run_transfers'
              AND work.subject_id = transfer.id
         )
    FROM transfers AS transfer
   WHERE transfer.workspace_id = of_workspace
     AND transfer.user_id = of_user
$$;

INSERT INTO role_permissions (role, permission)
VALUES
  ('member', 'workspace:connections:manage'),
  ('owner',  'workspace:connections:manage');

INSERT INTO schedules (kind, cron)
VALUES ('expire_transfers', '51 * * * *');

-- Folders of drives that are watched: what appears in one becomes a document. A watch is `paused` while
-- its connection is broken. `failures` counts the scans that failed since the last one that did not.
-- `uid_validity` and `last_uid` are for folders of mailboxes: the last message that was received, or that
-- was there before. A message has another UID in a folder with another `uid_validity`.
CREATE TABLE watches (
  id              uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id    uuid        NOT NULL,
  user_id         uuid        NOT NULL,
  connection_id   uuid        NOT NULL,
  path            text        NOT NULL,
  folder_id       uuid,
  status          text        NOT NULL DEFAULT 'watching',
  failures        integer     NOT NULL DEFAULT 0,
  last_error      text,
  last_scanned_at timestamptz,
  uid_validity    bigint,
  last_uid        bigint,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT watches_pkey PRIMARY KEY (id),
  CONSTRAINT watches_folder_is_watched_once UNIQUE (connection_id, path),
  CONSTRAINT watches_connection_exists FOREIGN KEY (connection_id)
    REFERENCES connections (id) ON DELETE CASCADE,
  CONSTRAINT watches_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT watches_path_is_at_most_2000_characters CHECK (length(path) <= 2000)
);

INSERT INTO transitions
  (entity,  from_status, to_status,  event,           action, work,           payload)
VALUES
  ('watch', NULL,        'watching', 'watch.created', NULL,   'scan_watches', '{path}'),
  ('watch', 'watching',  'paused',   'watch.paused',  NULL,   NULL,           '{last_error}'),
  ('watch', 'paused',    'watching', 'watch.resumed', NULL,   'scan_watches', '{}');

CALL follow_transitions('watches', 'watch');

CREATE INDEX watches_by_folder ON watches (workspace_id, folder_id) WHERE folder_id IS NOT NULL;

-- The files that were seen in watched folders. `taken_etag` is the content that a document was made of;
-- it is taken once it has stayed the same from one scan to the next, or is old enough to be complete.
-- `document_id` is that document, of which another content becomes a version. It stays when the document
-- is gone, so that it is not made again. `is_there` says whether the last scan found the file.
CREATE TABLE watched_files (
  watch_id    uuid    NOT NULL,
  file_id     text    NOT NULL,
  etag        text    NOT NULL,
  taken_etag  text,
  document_id uuid,
  is_there    boolean NOT NULL DEFAULT true,
  CONSTRAINT watched_files_pkey PRIMARY KEY (watch_id, file_id),
  CONSTRAINT watched_files_watch_exists FOREIGN KEY (watch_id)
    REFERENCES watches (id) ON DELETE CASCADE
);

CREATE INDEX watched_files_by_document ON watched_files (document_id) WHERE document_id IS NOT NULL;

-- The watched file that a transfer fetches.
ALTER TABLE transfers
  ADD COLUMN watch_id uuid,
  ADD COLUMN file_id text,
  ADD CONSTRAINT transfers_watched_file_exists FOREIGN KEY (watch_id, file_id)
    REFERENCES watched_files (watch_id, file_id) ON DELETE SET NULL;

CREATE INDEX transfers_by_watched_file ON transfers (watch_id, file_id) WHERE watch_id IS NOT NULL;

-- A broken connection pauses its watches; one that works again resumes them.
CREATE FUNCTION pause_watches()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE watches
     SET status = CASE NEW.status WHEN 'broken' THEN 'paused' ELSE 'watching' END,
         failures = 0,
         last_error = NEW.last_error,
         updated_at = now()
   WHERE connection_id = NEW.id
     AND status = CASE NEW.status WHEN 'broken' THEN 'watching' ELSE 'paused' END;
  RETURN NULL;
END
$$;

CREATE TRIGGER connections_pause_their_watches
  AFTER UPDATE OF status ON connections
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status)
  EXECUTE FUNCTION pause_watches();

-- A watch as responses show it.
CREATE TYPE watch_answer AS (
  id              uuid,
  connection_id   uuid,
  path            text,
  folder_id       uuid,
  status          text,
  last_error      text,
  last_scanned_at timestamptz,
  created_at      timestamptz,
  updated_at      timestamptz
);

-- The watches of a user in a workspace, as responses show them.
CREATE FUNCTION watch_answers(of_workspace uuid, of_user uuid)
RETURNS SETOF watch_answer
LANGUAGE sql
STABLE
AS $$
  SELECT id,
         connection_id,
         path,
         folder_id,
         status,
         last_error,
         last_scanned_at,
         created_at,
         updated_at
    FROM watches
   WHERE workspace_id = of_workspace
     AND user_id = of_user
$$;
