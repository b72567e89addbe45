-- Reveals: transactions that tell a contract where the metadata of up to 50 tokens is.

-- It is `planned` for its tokens, `signed` with a nonce that belongs to it for good, `sent` when a node
-- knows it, `mined` when it is in a block, `confirmed` when that is deep enough. `superseded` is one
-- whose nonce somebody else used. `mined_*` are of the block that it was last seen in; `gas_used` in gas,
-- `effective_price` in wei for one.
CREATE TABLE reveal_transactions (
  id              uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id    uuid        NOT NULL,
  collection_id   uuid        NOT NULL,
  token_ids       bigint[]    NOT NULL,
  status          text        NOT NULL DEFAULT 'planned',
  chain_id        bigint      NOT NULL,
  keeper          text        NOT NULL,
  nonce           bigint,
  sent_at         timestamptz,
  mined_tx_hash   text,
  mined_block     bigint,
  mined_hash      text,
  gas_used        bigint,
  effective_price numeric(78),
  confirmed_at    timestamptz,
  error           text,
  error_code      text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT reveal_transactions_pkey PRIMARY KEY (id),
  CONSTRAINT reveal_transactions_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT reveal_transactions_nonce_is_used_once UNIQUE (chain_id, keeper, nonce),
  CONSTRAINT reveal_transactions_collection_exists FOREIGN KEY (workspace_id, collection_id)
    REFERENCES collections (workspace_id, id),
  CONSTRAINT reveal_transactions_have_1_to_50_tokens CHECK (cardinality(token_ids) BETWEEN 1 AND 50),
  CONSTRAINT reveal_transactions_have_a_nonce_once_signed
    CHECK (nonce IS NOT NULL OR status IN ('planned', 'dropped'))
);

CREATE INDEX reveal_transactions_by_collection ON reveal_transactions (workspace_id, collection_id, id);
CREATE INDEX reveal_transactions_under_way
    ON reveal_transactions (collection_id, id)
 WHERE status IN ('planned', 'signed', 'sent', 'mined');

-- Each signed form of a reveal, in the order in which they were made: all have its nonce, and later ones
-- pay more. It is stored before anybody hears of it and never changes. Fees are in wei for one gas.
CREATE TABLE reveal_attempts (
  tx_hash   text        NOT NULL,
  reveal_id uuid        NOT NULL,
  number    integer     NOT NULL,
  raw       bytea       NOT NULL,
  max_fee   numeric(78) NOT NULL,
  tip       numeric(78) NOT NULL,
  gas       bigint      NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT reveal_attempts_pkey PRIMARY KEY (tx_hash),
  CONSTRAINT reveal_attempts_number_is_unique UNIQUE (reveal_id, number),
  CONSTRAINT reveal_attempts_reveal_exists FOREIGN KEY (reveal_id) REFERENCES reveal_transactions (id)
    ON DELETE CASCADE
);

ALTER TABLE tokens
  ADD CONSTRAINT tokens_reveal_exists FOREIGN KEY (reveal_id) REFERENCES reveal_transactions (id);

INSERT INTO transitions
  (entity,   from_status, to_status,    event,               action, work,              payload)
VALUES
  ('reveal', NULL,        'planned',    'reveal.planned',    NULL,   'sign_reveals',    '{token_ids}'),
  ('reveal', 'planned',   'signed',     'reveal.signed',     NULL,   'send_reveals',    '{nonce}'),
  ('reveal', 'planned',   'dropped',    'reveal.dropped',    NULL,   NULL,              '{error,error_code}'),
  ('reveal', 'signed',    'sent',       'reveal.sent',       NULL,   'confirm_reveals', '{}'),
  ('reveal', 'sent',      'signed',     'reveal.renewed',    NULL,   'send_reveals',    '{}'),
  ('reveal', 'sent',      'mined',      'reveal.mined',      NULL,   NULL,              '{mined_tx_hash,mined_block}'),
  ('reveal', 'mined',     'signed',     'reveal.reorged',    NULL,   'send_reveals',    '{}'),
  ('reveal', 'mined',     'confirmed',  'reveal.confirmed',  NULL,   NULL,              '{gas_used,effective_price}'),
  ('reveal', 'mined',     'failed',     'reveal.failed',     NULL,   NULL,              '{error,error_code}'),
  ('reveal', 'sent',      'superseded', 'reveal.superseded', NULL,   NULL,              '{error,error_code}');

CALL follow_transitions('reveal_transactions', 'reveal');
