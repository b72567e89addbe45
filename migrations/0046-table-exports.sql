-- Exports: the files that are made of a job's tables, as documents.

-- An export has the id of its job, and begins when the job succeeds. `revision` counts the corrections of
-- the tables' cells since: an export is `ready` when its files are of the latest one. `error_code` says why
-- they could not be made: 'quota_exceeded', 'body_too_large' or 'unavailable'.
CREATE TABLE table_exports (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  status       text        NOT NULL DEFAULT 'pending',
  revision     integer     NOT NULL DEFAULT 1,
  error        text,
  error_code   text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT table_exports_pkey PRIMARY KEY (id),
  CONSTRAINT table_exports_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT table_exports_job_exists FOREIGN KEY (workspace_id, id)
    REFERENCES jobs (workspace_id, id) ON DELETE CASCADE
);

INSERT INTO transitions
  (entity,         from_status, to_status, event,                   action,  work,            payload)
VALUES
  ('table_export', NULL,        'pending', 'table_export.created',  NULL,    'export_tables', '{}'),
  ('table_export', 'pending',   'ready',   'table_export.ready',    NULL,    NULL,            '{revision}'),
  ('table_export', 'pending',   'failed',  'table_export.failed',   NULL,    NULL,            '{error,error_code}'),
  ('table_export', 'ready',     'pending', 'table_export.outdated', NULL,    'export_tables', '{revision}'),
  ('table_export', 'failed',    'pending', 'table_export.retried',  'retry', 'export_tables', '{}');

CALL follow_transitions('table_exports', 'table_export');

-- What a job produces is ready without being read, so that nothing follows from it.
INSERT INTO transitions
  (entity,     from_status, to_status, event,               action, work, payload)
VALUES
  ('document', NULL,        'ready',   'document.produced', NULL,   NULL, '{name}');

ALTER TABLE documents
  ADD CONSTRAINT documents_producing_job_exists FOREIGN KEY (workspace_id, produced_by_job_id)
    REFERENCES jobs (workspace_id, id) ON DELETE CASCADE;

CREATE INDEX documents_by_producing_job
    ON documents (workspace_id, produced_by_job_id, id)
 WHERE produced_by_job_id IS NOT NULL;

-- Which version of which document is the CSV of a table, or, where `table_id` is null, the ZIP of all of
-- them; and the latest revision that it was found to be right for.
CREATE TABLE exported_files (
  id          uuid    NOT NULL DEFAULT uuidv7(),
  export_id   uuid    NOT NULL,
  table_id    uuid,
  document_id uuid    NOT NULL,
  version_id  uuid    NOT NULL,
  revision    integer NOT NULL,
  CONSTRAINT exported_files_pkey PRIMARY KEY (id),
  CONSTRAINT exported_files_are_made_once UNIQUE NULLS NOT DISTINCT (export_id, table_id),
  CONSTRAINT exported_files_export_exists FOREIGN KEY (export_id)
    REFERENCES table_exports (id) ON DELETE CASCADE,
  CONSTRAINT exported_files_table_exists FOREIGN KEY (table_id)
    REFERENCES extracted_tables (id) ON DELETE CASCADE,
  CONSTRAINT exported_files_version_exists FOREIGN KEY (document_id, version_id)
    REFERENCES document_versions (document_id, id) ON DELETE CASCADE
);

CREATE INDEX exported_files_by_table ON exported_files (table_id);
CREATE INDEX exported_files_by_version ON exported_files (document_id, version_id);

CREATE FUNCTION begin_export()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO table_exports (id, workspace_id)
  VALUES (NEW.id, NEW.workspace_id);
  RETURN NULL;
END
$$;

CREATE TRIGGER jobs_that_succeed_are_exported
  AFTER UPDATE ON jobs
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status = 'succeeded')
  EXECUTE FUNCTION begin_export();

-- Has the files of a job made again, since cells of its tables were corrected. A worker that is making
-- them notices the new revision when it writes.
CREATE FUNCTION renew_export()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE table_exports
     SET status = 'pending',
         revision = revision + 1,
         error = NULL,
         error_code = NULL,
         updated_at = now()
   WHERE id = (
           SELECT job_id
             FROM extracted_tables
            WHERE id = coalesce(NEW.table_id, OLD.table_id)
         );
  RETURN NULL;
END
$$;

CREATE TRIGGER cell_corrections_are_exported
  AFTER INSERT OR UPDATE OF text, value OR DELETE ON cell_corrections
  FOR EACH ROW
  EXECUTE FUNCTION renew_export();
