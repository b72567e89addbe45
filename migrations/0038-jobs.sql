-- Jobs: what a configuration extracts from a version of a document, and the tables that came out.

-- `configuration_version` is the version of its configuration, of which each is a row. `fields` has the
-- values that the configuration's field patterns found, `left_out` the first of the tables that it does not
-- take, and why. `metrics` counts what the run took and gave; it is null before. `error_code` says why it
-- failed: as for documents, or 'pattern_too_slow', 'discarded' if the document is in the trash, or
-- 'unavailable' if what is needed for it did not work, however often it was tried. `is_automatic` is a job that nobody asked for by itself; see `automatic_types`.
CREATE TABLE jobs (
  id                    uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id          uuid        NOT NULL,
  document_id           uuid        NOT NULL,
  version_id            uuid        NOT NULL,
  configuration_id      uuid        NOT NULL,
  configuration_version integer     NOT NULL,
  status                text        NOT NULL DEFAULT 'pending',
  fields                jsonb       NOT NULL DEFAULT '[]',
  left_out              jsonb       NOT NULL DEFAULT '[]',
  metrics               jsonb,
  error                 text,
  error_code            text,
  is_automatic          boolean     NOT NULL DEFAULT false,
  created_by            uuid        NOT NULL,
  created_at            timestamptz NOT NULL DEFAULT now(),
  updated_at            timestamptz NOT NULL DEFAULT now(),
  started_at            timestamptz,
  ended_at              timestamptz,
  CONSTRAINT jobs_pkey PRIMARY KEY (id),
  CONSTRAINT jobs_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT jobs_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT jobs_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT jobs_version_is_of_their_document FOREIGN KEY (document_id, version_id)
    REFERENCES document_versions (document_id, id) ON DELETE CASCADE,
  CONSTRAINT jobs_configuration_exists FOREIGN KEY (workspace_id, configuration_id)
    REFERENCES configurations (workspace_id, id),
  CONSTRAINT jobs_creator_exists FOREIGN KEY (created_by) REFERENCES users (id)
);

CREATE INDEX jobs_by_document ON jobs (document_id, id);
CREATE INDEX jobs_by_version ON jobs (version_id);
CREATE INDEX jobs_by_configuration ON jobs (configuration_id, id);

CREATE UNIQUE INDEX jobs_start_by_themselves_once_for_a_version
    ON jobs (version_id, configuration_id)
 WHERE is_automatic;

INSERT INTO transitions
  (entity, from_status, to_status,   event,           action,   work,       payload)
VALUES
  ('job',  NULL,        'pending',   'job.created',   NULL,     'run_jobs', '{document_id,configuration_version}'),
  ('job',  'pending',   'running',   'job.started',   NULL,     NULL,       '{}'),
  ('job',  'running',   'pending',   'job.put_back',  NULL,     NULL,       '{}'),
  ('job',  'running',   'succeeded', 'job.succeeded', NULL,     NULL,       '{document_id,metrics}'),
  ('job',  'running',   'failed',    'job.failed',    NULL,     NULL,       '{error,error_code}'),
  ('job',  'pending',   'failed',    'job.failed',    NULL,     NULL,       '{error,error_code}'),
  ('job',  'pending',   'cancelled', 'job.cancelled', 'cancel', NULL,       '{}'),
  ('job',  'running',   'cancelled', 'job.cancelled', 'cancel', NULL,       '{}'),
  ('job',  'failed',    'pending',   'job.retried',   'retry',  'run_jobs', '{}'),
  ('job',  'cancelled', 'pending',   'job.retried',   'retry',  'run_jobs', '{}');

CALL follow_transitions('jobs', 'job');

-- A job as responses show it.
CREATE TYPE job_answer AS (
  id                    uuid,
  document_id           uuid,
  document_version      integer,
  sha256                text,
  configuration_id      uuid,
  configuration_version integer,
  document_type         text,
  status                text,
  is_automatic          boolean,
  fields                jsonb,
  left_out              jsonb,
  metrics               jsonb,
  error                 text,
  error_code            text,
  created_by            uuid,
  created_at            timestamptz,
  updated_at            timestamptz,
  started_at            timestamptz,
  ended_at              timestamptz,
  progress              jsonb
);

-- A workspace's jobs as responses show them.
CREATE FUNCTION job_answers(of_workspace uuid)
RETURNS SETOF job_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT job.id,
         job.document_id,
         version.number,
         encode(version.sha256, 'hex'),
         job.configuration_id,
         job.configuration_version,
         configuration.document_type,
         job.status,
         job.is_automatic,
         job.fields,
         job.left_out,
         job.metrics,
         job.error,
         job.error_code,
         job.created_by,
         job.created_at,
         job.updated_at,
         job.started_at,
         job.ended_at,
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'run_jobs'
              AND work.subject_id = job.id
         )
    FROM jobs AS job
    JOIN document_versions AS version
      ON version.id = job.version_id
    JOIN configurations AS configuration
      ON configuration.id = job.configuration_id
   WHERE job.workspace_id = of_workspace
$$;

-- The types of documents for which jobs start by themselves, with the configuration that is active then.
-- It is said of a type rather than of a configuration, so that it stays when another version is activated.
CREATE TABLE automatic_types (
  id            uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id  uuid        NOT NULL,
  document_type text        NOT NULL,
  created_by    uuid        NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT automatic_types_pkey PRIMARY KEY (id),
  CONSTRAINT automatic_types_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT automatic_types_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT automatic_types_document_type_is_1_to_100_characters
    CHECK (length(document_type) BETWEEN 1 AND 100)
);

CREATE UNIQUE INDEX automatic_types_name_a_type_once
    ON automatic_types (workspace_id, fold(document_type));

-- Starts the job of a document that was classified, or was given another category later, if its type is
-- an automatic one: once for a version and a configuration, however often it is classified.
CREATE FUNCTION start_automatic_job()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO jobs
    (workspace_id, document_id, version_id, configuration_id, configuration_version, is_automatic, created_by)
  SELECT NEW.workspace_id,
         NEW.id,
         NEW.version_id,
         configuration.id,
         configuration.version,
         true,
         automatic.created_by
    FROM automatic_types AS automatic
    JOIN configurations AS configuration
      ON configuration.workspace_id = automatic.workspace_id
     AND fold(configuration.document_type) = fold(automatic.document_type)
     AND configuration.status = 'active'
   WHERE automatic.workspace_id = NEW.workspace_id
     AND fold(automatic.document_type) = fold(NEW.category)
  ON CONFLICT (version_id, configuration_id) WHERE is_automatic
  DO NOTHING;
  RETURN NULL;
END
$$;

CREATE TRIGGER documents_start_automatic_jobs
  AFTER UPDATE ON documents
  FOR EACH ROW
  WHEN (
    OLD.status = 'ready'
    AND NEW.status = 'ready'
    AND NEW.category IS NOT NULL
    AND NEW.produced_by_job_id IS NULL
    AND (OLD.category, OLD.classified) IS DISTINCT FROM (NEW.category, NEW.classified)
  )
  EXECUTE FUNCTION start_automatic_job();

-- A table that a job extracted; `sequence_index` counts from 0 within the job, in reading order.
-- `columns` has an object for each column: `name`, `heading` as read, and `type`. `pages` are the pages
-- it is on, `box` its place on the first of them: left, top, right, bottom. A table of several pages is
-- one, unless the configuration keeps the parts apart: then `continued_from` is the part before.
CREATE TABLE extracted_tables (
  id             uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id   uuid        NOT NULL,
  job_id         uuid        NOT NULL,
  document_id    uuid        NOT NULL,
  sequence_index integer     NOT NULL,
  title          text,
  method         text        NOT NULL,
  confidence     real        NOT NULL,
  pages          integer[]   NOT NULL,
  box            real[],
  columns        jsonb       NOT NULL,
  row_count      integer     NOT NULL,
  mistake_count  integer     NOT NULL DEFAULT 0,
  continued_from integer,
  created_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT extracted_tables_pkey PRIMARY KEY (id),
  CONSTRAINT extracted_tables_place_is_unique_in_their_job UNIQUE (job_id, sequence_index),
  CONSTRAINT extracted_tables_job_exists FOREIGN KEY (workspace_id, job_id)
    REFERENCES jobs (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT extracted_tables_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT extracted_tables_box_has_four_sides CHECK (cardinality(box) = 4),
  CONSTRAINT extracted_tables_confidence_is_from_0_to_1 CHECK (confidence BETWEEN 0 AND 1)
);

CREATE INDEX extracted_tables_by_document ON extracted_tables (document_id, id);
CREATE INDEX extracted_tables_by_workspace ON extracted_tables (workspace_id, id);

-- The rows of a table, without its headings; `number` counts from 1. `texts` has the text as read of
-- each column, `values` the value of its type: null where the text is empty or not of that type, which
-- are the `mistakes` (columns, from 0). `boxes` has four numbers for each column, NaN where there is no
-- text, or is null where the page has no geometry. `confidences` has a number from 0 to 1 for each
-- column, or is null where all have the table's.
CREATE TABLE extracted_rows (
  table_id    uuid      NOT NULL,
  number      integer   NOT NULL,
  page        integer   NOT NULL,
  texts       text[]    NOT NULL,
  "values"    jsonb     NOT NULL,
  mistakes    integer[] NOT NULL DEFAULT '{}',
  boxes       real[],
  confidences real[],
  CONSTRAINT extracted_rows_pkey PRIMARY KEY (table_id, number),
  CONSTRAINT extracted_rows_table_exists FOREIGN KEY (table_id)
    REFERENCES extracted_tables (id) ON DELETE CASCADE,
  CONSTRAINT extracted_rows_have_a_value_for_each_text
    CHECK (jsonb_array_length("values") = cardinality(texts)),
  CONSTRAINT extracted_rows_have_four_sides_for_each_text
    CHECK (cardinality(boxes) = 4 * cardinality(texts))
);

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:jobs:read'),
  ('member', 'workspace:jobs:read'),
  ('member', 'workspace:jobs:write'),
  ('owner',  'workspace:jobs:read'),
  ('owner',  'workspace:jobs:write');
