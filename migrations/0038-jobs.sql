-- Jobs: what a configuration extracts from a version of a document, and the tables that came out.

-- `configuration_version` says which version it was even after the configuration is gone. `fields` has
-- the values that the configuration's field patterns found. `metrics` counts what the run took and gave.
-- `error_code` says why it failed: as for documents, or 'pattern_too_slow'.
CREATE TABLE jobs (
  id                    uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id          uuid        NOT NULL,
  document_id           uuid        NOT NULL,
  version_id            uuid        NOT NULL,
  configuration_id      uuid        NOT NULL,
  configuration_version integer     NOT NULL,
  status                text        NOT NULL DEFAULT 'pending',
  fields                jsonb       NOT NULL DEFAULT '[]',
  metrics               jsonb       NOT NULL DEFAULT '{}',
  error                 text,
  error_code            text,
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

CREATE INDEX jobs_by_workspace ON jobs (workspace_id, id);
CREATE INDEX jobs_by_document ON jobs (document_id, id);
CREATE INDEX jobs_by_version ON jobs (version_id);
CREATE INDEX jobs_by_configuration ON jobs (configuration_id, id);

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
