-- Imports of archives: a file that stays in the store while its rows are put back a batch at a time.

-- `file` is null for an archive, whose bytes are the object's. `parts` has for each of its parts how many
-- lines were looked at, and what became of them.
ALTER TABLE imports
  ADD COLUMN object_id uuid,
  ADD COLUMN parts jsonb NOT NULL DEFAULT '{}',
  ALTER COLUMN bytes TYPE bigint,
  ADD CONSTRAINT imports_object_exists FOREIGN KEY (object_id)
    REFERENCES objects (id) ON DELETE SET NULL;

CREATE INDEX imports_by_object ON imports (object_id) WHERE object_id IS NOT NULL;

CREATE UNIQUE INDEX imports_of_archives_are_one_at_a_time
    ON imports ((CASE WHEN status = 'restoring' THEN user_id END));

INSERT INTO transitions
  (entity,   from_status, to_status,    event,               action,   work,            payload)
VALUES
  ('import', NULL,        'restoring',  'import.created',    NULL,     'read_archives', '{}'),
  ('import', 'restoring', 'completed',  'import.completed',  NULL,     NULL,            '{added,duplicates}'),
  ('import', 'restoring', 'incomplete', 'import.incomplete', NULL,     NULL,            '{added,duplicates,missed}'),
  ('import', 'restoring', 'failed',     'import.failed',     NULL,     NULL,            '{error}'),
  ('import', 'restoring', 'cancelled',  'import.cancelled',  'cancel', NULL,            '{added}'),
  ('import', 'failed',    'restoring',  'import.retried',    NULL,     'read_archives', '{}');

-- Dooms the object of an import that is gone, or no longer needs it.
CREATE FUNCTION doom_import_object()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE objects
     SET status = 'doomed'
   WHERE id = OLD.object_id
     AND status <> 'doomed';
  RETURN NULL;
END
$$;

CREATE TRIGGER imports_take_their_object_along
  AFTER DELETE ON imports
  FOR EACH ROW
  WHEN (OLD.object_id IS NOT NULL)
  EXECUTE FUNCTION doom_import_object();

CREATE TRIGGER imports_that_end_lose_their_object
  AFTER UPDATE ON imports
  FOR EACH ROW
  WHEN (
    OLD.object_id IS NOT NULL
    AND OLD.status <> NEW.status
    AND NEW.status IN ('completed', 'incomplete', 'cancelled')
  )
  EXECUTE FUNCTION doom_import_object();

-- What a row of an archive is called here, for the references of later rows to it. Rows are kept until the
-- import has ended. Only what an import has put back or recognised itself is here, so whatever an archive
-- says, it refers to nothing else.
CREATE TABLE archived_ids (
  import_id uuid NOT NULL,
  kind      text COLLATE "C" NOT NULL,
  old_id    uuid NOT NULL,
  new_id    uuid NOT NULL,
  CONSTRAINT archived_ids_pkey PRIMARY KEY (import_id, kind, old_id),
  CONSTRAINT archived_ids_import_exists FOREIGN KEY (import_id)
    REFERENCES imports (id) ON DELETE CASCADE
);

-- What an archive has is put back as it was, so it may begin in any status that rests.
INSERT INTO transitions
  (entity,          from_status, to_status,          event,                   payload)
VALUES
  ('item',          NULL,        'ready_to_confirm', 'item.created',          '{}'),
  ('item',          NULL,        'failed',           'item.created',          '{}'),
  ('item',          NULL,        'discarded',        'item.created',          '{}'),
  ('document',      NULL,        'failed',           'document.produced',     '{name}'),
  ('document',      NULL,        'discarded',        'document.produced',     '{name}'),
  ('configuration', NULL,        'active',           'configuration.created', '{document_type,version}'),
  ('configuration', NULL,        'retired',          'configuration.created', '{document_type,version}'),
  ('job',           NULL,        'succeeded',        'job.created',           '{document_id,configuration_version}'),
  ('job',           NULL,        'failed',           'job.created',           '{document_id,configuration_version}'),
  ('job',           NULL,        'cancelled',        'job.created',           '{document_id,configuration_version}'),
  ('table_export',  NULL,        'ready',            'table_export.created',  '{}'),
  ('table_export',  NULL,        'failed',           'table_export.created',  '{}'),
  ('feed',          NULL,        'failing',          'feed.created',          '{url}'),
  ('feed',          NULL,        'stopped',          'feed.created',          '{url}');

INSERT INTO transitions
  (entity, from_status, to_status,   event,          audience)
VALUES
  ('task', NULL,        'completed', 'task.created', 'user');

-- Who may see a tag of an archive, once it is here: the workspace, or the user alone; in a workspace that has
-- no members except its user, there is no difference.
CREATE FUNCTION archived_audience(of_workspace uuid, of_user uuid, is_private boolean)
RETURNS uuid
LANGUAGE sql
STABLE
RETURN CASE
  WHEN is_private AND NOT EXISTS (
    SELECT FROM workspaces
     WHERE workspaces.id = of_workspace
       AND workspaces.personal_of IS NOT NULL
  ) THEN of_user
  ELSE of_workspace
END;

-- Where the file of a version is in an archive, if it is in the store; its ending is the object's.
CREATE FUNCTION archived_file(version document_versions, key text)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN 'documents/' || (version).document_id || '/' || (version).number
       || coalesce(substring(key FROM '\.[a-z0-9]+$'), '');

-- Where the text of a document is in an archive.
CREATE FUNCTION archived_text(document documents)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN 'documents/' || (document).id || '/text.txt';
