-- Reveals: transactions that tell a contract where the metadata of up to 50 tokens is.

-- It is `planned` for its tokens, `signed` with a nonce that belongs to it for good, and `sent` when it was
-- given to a node. `stuck` and `cancelling` are to be signed anew with higher fees, at the same nonce: as
-- the reveal, or as a transfer of nothing. It is `mined` when one of them is in a block, and `confirmed`,
-- `cancelled` or `failed` when that is deep enough. `superseded` is one whose nonce somebody else used;
-- `overtaken_block` is the block in which that was first seen. `attempts`, `max_fee` and `tip` are of what
-- was signed last, fees in wei for one gas. `note` is what it waits for, if that is out of the ordinary.
-- `mined_*` are of the block that it was last seen in; `gas_used` in gas, `effective_price` in wei for one.
CREATE TABLE reveal_transactions (
  id              uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id    uuid        NOT NULL,
  collection_id   uuid        NOT NULL,
  token_ids       bigint[]    NOT NULL,
  uris            text[]      NOT NULL,
  status          text        NOT NULL DEFAULT 'planned',
  chain_id        bigint      NOT NULL,
  keeper          text        NOT NULL,
  nonce           bigint,
  attempts        integer     NOT NULL DEFAULT 0,
  max_fee         numeric(78),
  tip             numeric(78),
  note            text,
  sent_at         timestamptz,
  overtaken_block bigint,
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
  CONSTRAINT reveal_transactions_have_an_address_for_each_token
    CHECK (cardinality(uris) = cardinality(token_ids)),
  CONSTRAINT reveal_transactions_have_a_nonce_once_signed
    CHECK ((nonce IS NULL) = (status IN ('planned', 'dropped')))
);

CREATE INDEX reveal_transactions_by_workspace ON reveal_transactions (workspace_id, id);
CREATE INDEX reveal_transactions_by_collection ON reveal_transactions (workspace_id, collection_id, id);
CREATE INDEX reveal_transactions_by_status ON reveal_transactions (workspace_id, status, id);
CREATE INDEX reveal_transactions_under_way
    ON reveal_transactions (chain_id, keeper)
 WHERE status IN ('planned', 'signed', 'sent', 'stuck', 'cancelling');

-- Each signed form of a reveal, in the order in which they were made: all have its nonce, and later ones
-- pay more. It is stored before anybody hears of it and never changes. Fees are in wei for one gas; `head`
-- was the newest block. One that cancels is a transfer of nothing from the keeper to itself.
CREATE TABLE reveal_attempts (
  tx_hash   text        NOT NULL,
  reveal_id uuid        NOT NULL,
  number    integer     NOT NULL,
  cancels   boolean     NOT NULL,
  raw       bytea       NOT NULL,
  max_fee   numeric(78) NOT NULL,
  tip       numeric(78) NOT NULL,
  gas       bigint      NOT NULL,
  head      bigint      NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT reveal_attempts_pkey PRIMARY KEY (tx_hash),
  CONSTRAINT reveal_attempts_number_is_unique UNIQUE (reveal_id, number),
  CONSTRAINT reveal_attempts_reveal_exists FOREIGN KEY (reveal_id) REFERENCES reveal_transactions (id)
    ON DELETE CASCADE
);

-- Refuses what nothing may do to an attempt, not even by mistake: the chain may have it already.
CREATE FUNCTION refuse_to_change_attempts()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION 'what was signed does not change'
    USING ERRCODE = 'check_violation',
          CONSTRAINT = 'reveal_attempts_never_change';
END
$$;

CREATE TRIGGER reveal_attempts_never_change
  BEFORE UPDATE ON reveal_attempts
  FOR EACH ROW
  EXECUTE FUNCTION refuse_to_change_attempts();

-- `reverted_reveals` counts the reveals of a token that the contract refused after they were sent.
ALTER TABLE tokens
  ADD COLUMN reverted_reveals integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT tokens_reveal_exists FOREIGN KEY (reveal_id) REFERENCES reveal_transactions (id);

INSERT INTO transitions
  (entity,   from_status,  to_status,    event,               action,   work,              payload)
VALUES
  ('reveal', NULL,         'planned',    'reveal.planned',    NULL,     'sign_reveals',    '{token_ids}'),
  ('reveal', 'planned',    'signed',     'reveal.signed',     NULL,     'send_reveals',    '{nonce,max_fee}'),
  ('reveal', 'planned',    'dropped',    'reveal.dropped',    'cancel', NULL,              '{error,error_code}'),
  ('reveal', 'signed',     'sent',       'reveal.sent',       NULL,     'confirm_reveals', '{}'),
  ('reveal', 'signed',     'stuck',      'reveal.stuck',      'bump',   'sign_reveals',    '{max_fee}'),
  ('reveal', 'signed',     'cancelling', 'reveal.cancelling', 'cancel', 'sign_reveals',    '{}'),
  ('reveal', 'sent',       'stuck',      'reveal.stuck',      'bump',   'sign_reveals',    '{max_fee}'),
  ('reveal', 'sent',       'cancelling', 'reveal.cancelling', 'cancel', 'sign_reveals',    '{}'),
  ('reveal', 'stuck',      'signed',     'reveal.renewed',    NULL,     'send_reveals',    '{attempts,max_fee}'),
  ('reveal', 'stuck',      'sent',       'reveal.kept',       NULL,     'confirm_reveals', '{note}'),
  ('reveal', 'stuck',      'cancelling', 'reveal.cancelling', 'cancel', 'sign_reveals',    '{}'),
  ('reveal', 'cancelling', 'signed',     'reveal.replaced',   NULL,     'send_reveals',    '{attempts,max_fee}'),
  ('reveal', 'cancelling', 'sent',       'reveal.kept',       NULL,     'confirm_reveals', '{note}'),
  ('reveal', 'sent',       'mined',      'reveal.mined',      NULL,     NULL,              '{mined_tx_hash,mined_block}'),
  ('reveal', 'mined',      'signed',     'reveal.reorged',    NULL,     'send_reveals',    '{}'),
  ('reveal', 'mined',      'confirmed',  'reveal.confirmed',  NULL,     NULL,              '{gas_used,effective_price}'),
  ('reveal', 'mined',      'cancelled',  'reveal.cancelled',  NULL,     NULL,              '{gas_used,effective_price}'),
  ('reveal', 'mined',      'failed',     'reveal.failed',     NULL,     NULL,              '{error,error_code}'),
  ('reveal', 'sent',       'superseded', 'reveal.superseded', NULL,     NULL,              '{error,error_code}');

CALL follow_transitions('reveal_transactions', 'reveal');

-- Looks up what keepers have left.
INSERT INTO schedules (kind, cron)
VALUES ('check_keepers', '*/5 * * * *');

-- A reveal of a workspace, as responses show it.
CREATE FUNCTION reveal_answers(workspace uuid)
RETURNS TABLE (
  id uuid,
  collection_id uuid,
  status text,
  token_ids bigint[],
  chain_id bigint,
  keeper text,
  nonce bigint,
  attempts integer,
  max_fee text,
  tip text,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  effective_price text,
  note text,
  error text,
  error_code text,
  created_at timestamptz,
  sent_at timestamptz,
  confirmed_at timestamptz,
  updated_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
  SELECT reveal.id,
         reveal.collection_id,
         reveal.status,
         reveal.token_ids,
         reveal.chain_id,
         reveal.keeper,
         reveal.nonce,
         reveal.attempts,
         reveal.max_fee::text,
         reveal.tip::text,
         reveal.mined_tx_hash,
         reveal.mined_block,
         reveal.gas_used,
         reveal.effective_price::text,
         reveal.note,
         reveal.error,
         reveal.error_code,
         reveal.created_at,
         reveal.sent_at,
         reveal.confirmed_at,
         reveal.updated_at
    FROM reveal_transactions AS reveal
   WHERE reveal.workspace_id = workspace
$$;
