-- Tokens: each with the picture of its author's prompt, stored in IPFS, and revealed on the chain.

-- `token_id` is its number in the contract. Its mint may still be undone by the chain: then it is
-- `orphaned`, and keeps its picture in case it is minted again for the same author. `prompt_sha256` is of
-- the prompt that the picture was made of, `is_fallback` if that was not the author's. `ready_at` is since
-- when it waits to be revealed. A token is part of at most one reveal that is under way, `reveal_id`.
CREATE TABLE tokens (
  id             uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id   uuid        NOT NULL,
  collection_id  uuid        NOT NULL,
  token_id       bigint      NOT NULL,
  author_id      uuid        NOT NULL,
  mint_event_id  uuid        NOT NULL,
  status         text        NOT NULL DEFAULT 'detected',
  prompt_sha256  text,
  is_fallback    boolean     NOT NULL DEFAULT false,
  image_cid      text,
  image_type     text,
  metadata_cid   text,
  reveal_id      uuid,
  error          text,
  error_code     text,
  minted_at      timestamptz NOT NULL DEFAULT now(),
  ready_at       timestamptz,
  revealed_at    timestamptz,
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tokens_pkey PRIMARY KEY (id),
  CONSTRAINT tokens_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT tokens_number_is_known_once UNIQUE (collection_id, token_id),
  CONSTRAINT tokens_collection_exists FOREIGN KEY (workspace_id, collection_id)
    REFERENCES collections (workspace_id, id),
  CONSTRAINT tokens_author_exists FOREIGN KEY (author_id) REFERENCES authors (id),
  CONSTRAINT tokens_mint_exists FOREIGN KEY (mint_event_id) REFERENCES mint_events (id),
  CONSTRAINT tokens_number_is_not_negative CHECK (token_id >= 0)
);

-- A list of several statuses or collections merges a range of each.
CREATE INDEX tokens_by_status ON tokens (collection_id, status, minted_at, id);
CREATE INDEX tokens_by_author ON tokens (author_id, minted_at, id);
-- How many each author has.
CREATE INDEX tokens_counted ON tokens (collection_id, author_id) WHERE status <> 'orphaned';
CREATE INDEX tokens_by_mint ON tokens (mint_event_id);
CREATE INDEX tokens_by_reveal ON tokens (reveal_id) WHERE reveal_id IS NOT NULL;
CREATE INDEX tokens_to_reveal ON tokens (collection_id, ready_at) WHERE status = 'ready' AND reveal_id IS NULL;

INSERT INTO transitions
  (entity,  from_status,  to_status,    event,              action,  work,              payload)
VALUES
  ('token', NULL,         'detected',   'token.detected',   NULL,    'generate_images', '{token_id}'),
  ('token', 'detected',   'generating', 'token.generating', NULL,    NULL,              '{}'),
  ('token', 'generating', 'detected',   'token.put_back',   NULL,    NULL,              '{}'),
  ('token', 'generating', 'uploading',  'token.generated',  NULL,    'upload_to_ipfs',  '{image_cid,is_fallback}'),
  ('token', 'uploading',  'ready',      'token.uploaded',   NULL,    NULL,              '{image_cid,metadata_cid}'),
  ('token', 'ready',      'revealed',   'token.revealed',   NULL,    NULL,              '{reveal_id}'),
  ('token', 'revealed',   'ready',      'token.reorged',    NULL,    NULL,              '{}'),
  ('token', 'detected',   'failed',     'token.failed',     NULL,    NULL,              '{error,error_code}'),
  ('token', 'generating', 'failed',     'token.failed',     NULL,    NULL,              '{error,error_code}'),
  ('token', 'uploading',  'failed',     'token.failed',     NULL,    NULL,              '{error,error_code}'),
  ('token', 'ready',      'failed',     'token.failed',     NULL,    NULL,              '{error,error_code}'),
  ('token', 'failed',     'detected',   'token.retried',    'retry', 'generate_images', '{}'),
  ('token', 'detected',   'orphaned',   'token.orphaned',   NULL,    NULL,              '{}'),
  ('token', 'generating', 'orphaned',   'token.orphaned',   NULL,    NULL,              '{}'),
  ('token', 'uploading',  'orphaned',   'token.orphaned',   NULL,    NULL,              '{}'),
  ('token', 'ready',      'orphaned',   'token.orphaned',   NULL,    NULL,              '{}'),
  ('token', 'failed',     'orphaned',   'token.orphaned',   NULL,    NULL,              '{}'),
  ('token', 'orphaned',   'detected',   'token.detected',   NULL,    'generate_images', '{token_id}');

CALL follow_transitions_by_statement('tokens', 'token');
