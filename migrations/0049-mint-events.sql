-- Mint events: what the contract of a collection says was minted, each log once.

-- The mint of `quantity` tokens from `start_token_id` on. It is `pending` until it is deep enough in the
-- chain, then `confirmed`, and `orphaned` when the block that it was in is not part of the chain any more.
-- `source` is who told first: 'webhook' or 'chain'; or 'contract', if a node did not give the log, and the
-- contract was asked for the tokens' author: then what only the log says is null. `is_read` if it was read
-- in the block that it is in now, not only told of. `total_paid` is in wei.
CREATE TABLE mint_events (
  id             uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id   uuid        NOT NULL,
  collection_id  uuid        NOT NULL,
  author_id      uuid        NOT NULL,
  tx_hash        text,
  log_index      integer,
  block_number   bigint      NOT NULL,
  block_hash     text        NOT NULL,
  block_time     timestamptz,
  minter         text,
  start_token_id bigint      NOT NULL,
  quantity       integer     NOT NULL,
  total_paid     numeric(78),
  source         text        NOT NULL,
  is_read        boolean     NOT NULL DEFAULT false,
  status         text        NOT NULL DEFAULT 'pending',
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT mint_events_pkey PRIMARY KEY (id),
  CONSTRAINT mint_events_log_is_recorded_once UNIQUE (collection_id, tx_hash, log_index),
  CONSTRAINT mint_events_collection_exists FOREIGN KEY (workspace_id, collection_id)
    REFERENCES collections (workspace_id, id),
  CONSTRAINT mint_events_author_exists FOREIGN KEY (author_id) REFERENCES authors (id),
  CONSTRAINT mint_events_quantity_is_1_to_10000 CHECK (quantity BETWEEN 1 AND 10000),
  CONSTRAINT mint_events_source_is_known CHECK (source IN ('webhook', 'chain', 'contract')),
  CONSTRAINT mint_events_have_a_log_unless_the_contract_told
    CHECK (source = 'contract' OR num_nulls(tx_hash, log_index, minter, total_paid) = 0)
);

CREATE INDEX mint_events_pending ON mint_events (collection_id, block_number) WHERE status = 'pending';
CREATE INDEX mint_events_by_block ON mint_events (collection_id, block_number);
CREATE INDEX mint_events_by_collection ON mint_events (workspace_id, collection_id, id);
CREATE INDEX mint_events_by_author ON mint_events (author_id);

INSERT INTO transitions
  (entity,       from_status, to_status,   event,                  action, work, payload)
VALUES
  ('mint_event', NULL,        'pending',   'mint_event.seen',      NULL,   NULL, '{tx_hash,block_number,quantity}'),
  ('mint_event', 'pending',   'confirmed', 'mint_event.confirmed', NULL,   NULL, '{}'),
  ('mint_event', 'pending',   'orphaned',  'mint_event.orphaned',  NULL,   NULL, '{block_hash}'),
  ('mint_event', 'confirmed', 'orphaned',  'mint_event.reorged',   NULL,   NULL, '{block_hash}'),
  ('mint_event', 'orphaned',  'pending',   'mint_event.seen',      NULL,   NULL, '{tx_hash,block_number,quantity}');

CALL follow_transitions_by_statement('mint_events', 'mint_event');
