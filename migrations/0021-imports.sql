-- Imports: a file is read into rows, then the rows are added a batch at a time.

-- `file` is kept until it has been read. `mistakes` has the first refused entries.
CREATE TABLE imports (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  status       text        NOT NULL DEFAULT 'reading',
  format       text        NOT NULL,
  enrich       boolean     NOT NULL,
  bytes        integer     NOT NULL,
  file         bytea,
  total        integer,
  done         integer     NOT NULL DEFAULT 0,
  added        integer     NOT NULL DEFAULT 0,
  duplicates   integer     NOT NULL DEFAULT 0,
  refused      integer     NOT NULL DEFAULT 0,
  mistakes     jsonb       NOT NULL DEFAULT '[]',
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  CONSTRAINT imports_pkey PRIMARY KEY (id),
  CONSTRAINT imports_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT imports_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT imports_format_is_known CHECK (format IN ('bookmarks', 'json_lines'))
);

-- A file is already compressed, or not worth the time.
ALTER TABLE imports ALTER COLUMN file SET STORAGE EXTERNAL;

CREATE INDEX imports_by_workspace ON imports (workspace_id, id);
CREATE INDEX imports_by_end ON imports (ended_at) WHERE ended_at IS NOT NULL;

INSERT INTO transitions
  (entity, from_status, to_status,   event,              action,   work,           payload)
VALUES
  ('import', NULL,      'reading',   'import.created',   NULL,     'read_imports', '{}'),
  ('import', 'reading', 'adding',    'import.read',      NULL,     'add_imports',  '{total,refused}'),
  ('import', 'reading', 'failed',    'import.failed',    NULL,     NULL,           '{error}'),
  ('import', 'reading', 'cancelled', 'import.cancelled', 'cancel', NULL,           '{}'),
  ('import', 'adding',  'completed', 'import.completed', NULL,     NULL,           '{added,duplicates}'),
  ('import', 'adding',  'failed',    'import.failed',    NULL,     NULL,           '{error}'),
  ('import', 'adding',  'cancelled', 'import.cancelled', 'cancel', NULL,           '{added}'),
  ('import', 'failed',  'reading',   'import.retried',   NULL,     'read_imports', '{}'),
  ('import', 'failed',  'adding',    'import.retried',   NULL,     'add_imports',  '{}');

CALL follow_transitions('imports', 'import');

-- The entries of a file. `row_id` is the id of the item or task that it becomes; `payload` has its
-- columns. The rows are kept until the import has ended, so that it knows what it has added itself.
CREATE TABLE import_rows (
  import_id uuid    NOT NULL,
  number    integer NOT NULL,
  entity    text    NOT NULL,
  row_id    uuid    NOT NULL,
  payload   jsonb   NOT NULL,
  is_done   boolean NOT NULL DEFAULT false,
  CONSTRAINT import_rows_pkey PRIMARY KEY (import_id, number),
  CONSTRAINT import_rows_import_exists FOREIGN KEY (import_id)
    REFERENCES imports (id) ON DELETE CASCADE,
  CONSTRAINT import_rows_entity_is_known CHECK (entity IN ('item', 'task'))
);

CREATE INDEX import_rows_waiting ON import_rows (import_id, number) WHERE NOT is_done;
CREATE INDEX import_rows_by_row ON import_rows (row_id);

-- The tags for rows of imports; missing ones are created, as by `make_tags`.
CREATE FUNCTION tags_of_import_rows(of_workspace uuid, row_ids uuid[], of_audience uuid DEFAULT NULL)
RETURNS TABLE (row_id uuid, tag_id uuid)
LANGUAGE sql
VOLATILE
AS $$
  WITH wanted AS (
    SELECT row.row_id, name.name
      FROM import_rows AS row
     CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'tags') AS name (name)
     WHERE row.row_id = ANY (row_ids)
  )
  SELECT DISTINCT
         wanted.row_id,
         made.id
    FROM make_tags(of_workspace, ARRAY(SELECT name FROM wanted), of_audience) AS made
    JOIN wanted
      ON fold(wanted.name) = fold(made.name)
$$;

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:imports:read'),
  ('member', 'workspace:imports:read'),
  ('member', 'workspace:imports:write'),
  ('owner',  'workspace:imports:read'),
  ('owner',  'workspace:imports:write');

INSERT INTO schedules (kind, cron)
VALUES ('expire_imports', '41 * * * *');
