-- Pictures of tokens: how each came about, the files that are in IPFS, and what was spent.

-- The bytes of files by their CID: pictures, and the metadata that leads to them. In the database rather
-- than in the store of documents, because a file is kept in the transaction that moves its token on: there
-- is no picture without its token, nor a token that waits for a picture that a crash has lost. PNGs are
-- compressed already; uncompressed, a part can be read without the rest.
CREATE TABLE ipfs_files (
  workspace_id uuid        NOT NULL,
  cid          text        COLLATE "C" NOT NULL,
  media_type   text        NOT NULL,
  size         integer     NOT NULL,
  bytes        bytea       NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ipfs_files_pkey PRIMARY KEY (cid, workspace_id),
  CONSTRAINT ipfs_files_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT ipfs_files_size_is_of_the_bytes CHECK (size = length(bytes))
);

ALTER TABLE ipfs_files ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE INDEX ipfs_files_by_workspace ON ipfs_files (workspace_id, created_at);

-- One attempt to get a picture for a token. `prompt` is what its author, or the collection, said when it
-- began. It is `running` from just before a service is asked, at `asked_at`, and has an `external_id` from
-- when the service's answer is known. So a worker that takes over from a dead one knows whether something
-- may have been paid for. `service` is who was asked, null before. `seed` is also how a service's answer that nobody heard is recognised.
-- `charged_on` is the day whose budget paid. A job that `succeeded` has the picture's `cid`.
CREATE TABLE image_generation_jobs (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  token_id     uuid        NOT NULL,
  author_id    uuid        NOT NULL,
  service      text,
  status       text        NOT NULL DEFAULT 'pending',
  prompt       text        NOT NULL,
  is_fallback  boolean     NOT NULL,
  seed         bigint      NOT NULL,
  external_id  text,
  asked_at     timestamptz,
  charged_on   date,
  cid          text        COLLATE "C",
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  CONSTRAINT image_generation_jobs_pkey PRIMARY KEY (id),
  CONSTRAINT image_generation_jobs_external_id_is_of_one_job UNIQUE (service, external_id),
  CONSTRAINT image_generation_jobs_token_exists FOREIGN KEY (workspace_id, token_id)
    REFERENCES tokens (workspace_id, id),
  CONSTRAINT image_generation_jobs_author_exists FOREIGN KEY (author_id) REFERENCES authors (id),
  CONSTRAINT image_generation_jobs_service_is_known CHECK (service IN ('replicate', 'self_hosted', 'embedded')),
  CONSTRAINT image_generation_jobs_that_were_asked_have_a_service
    CHECK (service IS NOT NULL OR status IN ('pending', 'failed')),
  CONSTRAINT image_generation_jobs_that_succeeded_have_a_picture CHECK ((status = 'succeeded') = (cid IS NOT NULL))
);

CREATE INDEX image_generation_jobs_by_token ON image_generation_jobs (token_id, author_id, id);
CREATE INDEX image_generation_jobs_by_author ON image_generation_jobs (author_id);
CREATE INDEX image_generation_jobs_by_workspace ON image_generation_jobs (workspace_id, id);
-- A token has one attempt under way for its author.
CREATE UNIQUE INDEX image_generation_jobs_under_way
    ON image_generation_jobs (token_id, author_id)
 WHERE status IN ('pending', 'running');

-- What services of IPFS have of a token.
CREATE TABLE ipfs_upload_records (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  token_id     uuid        NOT NULL,
  record_type  text        NOT NULL,
  service      text        NOT NULL,
  cid          text        COLLATE "C" NOT NULL,
  status       text        NOT NULL,
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ipfs_upload_records_pkey PRIMARY KEY (id),
  CONSTRAINT ipfs_upload_records_are_one_for_each_service UNIQUE (token_id, record_type, service),
  CONSTRAINT ipfs_upload_records_token_exists FOREIGN KEY (workspace_id, token_id)
    REFERENCES tokens (workspace_id, id),
  CONSTRAINT ipfs_upload_records_type_is_image_or_metadata CHECK (record_type IN ('image', 'metadata')),
  CONSTRAINT ipfs_upload_records_service_is_known CHECK (service IN ('embedded', 'pinata', 'kubo'))
);

CREATE INDEX ipfs_upload_records_by_cid ON ipfs_upload_records (cid);
CREATE INDEX ipfs_upload_records_by_workspace ON ipfs_upload_records (workspace_id, id);

-- How many pictures were asked for on a day (UTC), by services that may cost something: of all authors, if
-- `author_id` is null, and of each.
CREATE TABLE spend (
  day          date    NOT NULL,
  author_id    uuid,
  workspace_id uuid,
  images       integer NOT NULL,
  CONSTRAINT spend_is_counted_once UNIQUE NULLS NOT DISTINCT (day, author_id),
  CONSTRAINT spend_is_not_negative CHECK (images >= 0)
);

CREATE INDEX spend_by_workspace ON spend (workspace_id);

-- Their rows keep all there is to know, so no events do.
INSERT INTO transitions
  (entity, from_status, to_status, event, audience, is_recorded)
VALUES
  ('image_generation_job', NULL,      'pending',   'image_generation_job.created',   'nobody', false),
  ('image_generation_job', 'pending', 'running',   'image_generation_job.asked',     'nobody', false),
  ('image_generation_job', 'pending', 'succeeded', 'image_generation_job.succeeded', 'nobody', false),
  ('image_generation_job', 'running', 'succeeded', 'image_generation_job.succeeded', 'nobody', false),
  ('image_generation_job', 'pending', 'refused',   'image_generation_job.refused',   'nobody', false),
  ('image_generation_job', 'running', 'refused',   'image_generation_job.refused',   'nobody', false),
  ('image_generation_job', 'pending', 'failed',    'image_generation_job.failed',    'nobody', false),
  ('image_generation_job', 'running', 'failed',    'image_generation_job.failed',    'nobody', false),
  ('ipfs_upload_record',   NULL,      'pending',   'ipfs_upload_record.created',     'nobody', false),
  ('ipfs_upload_record',   NULL,      'stored',    'ipfs_upload_record.stored',      'nobody', false),
  ('ipfs_upload_record',   'pending', 'stored',    'ipfs_upload_record.stored',      'nobody', false),
  ('ipfs_upload_record',   'stored',  'pending',   'ipfs_upload_record.created',     'nobody', false),
  ('ipfs_upload_record',   'pending', 'failed',    'ipfs_upload_record.failed',      'nobody', false),
  ('ipfs_upload_record',   'failed',  'pending',   'ipfs_upload_record.created',     'nobody', false),
  ('ipfs_upload_record',   'failed',  'stored',    'ipfs_upload_record.stored',      'nobody', false);

INSERT INTO noted_events (event, entity)
VALUES ('token.prompt_refused', 'token');

CALL follow_transitions('image_generation_jobs', 'image_generation_job');
CALL follow_transitions('ipfs_upload_records', 'ipfs_upload_record');
