-- Collections: contracts on a chain whose tokens are given pictures and revealed, and who pays for it.

-- What an operator switched or last heard, by name.
CREATE TABLE system_state (
  key        text        NOT NULL,
  value      jsonb       NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT system_state_pkey PRIMARY KEY (key)
);

COMMENT ON TABLE system_state IS 'Stays small: a row for each switch.';

-- The accounts that sign reveals. `next_nonce`, null until the first one, moves only in the transaction that
-- stores what was signed with the nonce before. `balance` is in wei, as last looked up; it is too low since
-- `low_since`. `used_elsewhere_at` is when somebody else was last seen to use the key.
CREATE TABLE keepers (
  chain_id          bigint      NOT NULL,
  address           text        NOT NULL,
  next_nonce        bigint,
  balance           numeric(78),
  low_since         timestamptz,
  used_elsewhere_at timestamptz,
  checked_at        timestamptz,
  CONSTRAINT keepers_pkey PRIMARY KEY (chain_id, address),
  CONSTRAINT keepers_next_nonce_is_not_negative CHECK (next_nonce >= 0)
);

COMMENT ON TABLE keepers IS 'Stays small: a row for each key that signs.';

-- A season is a row. `contract` and `keeper` are addresses in their mixed-case form (EIP-55). In
-- `name_template`, {n} is the token's number on the chain. Blocks from `start_block` on are read, in which the
-- first token is to be `first_token_id`; those before `next_block` have been. The last of these had
-- `block_hash`, and after it the contract's next token was to be `next_token_id`, where that is known. `doubted_block` is one from which on to read again, because somebody told of something else
-- there; `doubts` counts how often. `head_block` is the newest that the chain was seen to have. A mint counts after
-- `mint_confirmations` further blocks, a reveal after `reveal_confirmations`. `default_prompt` makes the
-- pictures of authors without a prompt, `fallback_prompt` those whose prompt was refused. `watch_error` is
-- what is wrong with what the node says, null if nothing is; `watch_failures` counts how often in a row.
CREATE TABLE collections (
  id                   uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id         uuid        NOT NULL,
  chain_id             bigint      NOT NULL,
  contract             text        NOT NULL,
  name_template        text        NOT NULL,
  description          text        NOT NULL DEFAULT '',
  default_prompt       text        NOT NULL,
  fallback_prompt      text        NOT NULL,
  keeper               text,
  is_public            boolean     NOT NULL DEFAULT true,
  status               text        NOT NULL DEFAULT 'active',
  pause_reason         text,
  start_block          bigint      NOT NULL DEFAULT 0,
  first_token_id       bigint,
  next_block           bigint      NOT NULL,
  block_hash           text,
  next_token_id        bigint,
  doubted_block        bigint,
  doubts               integer     NOT NULL DEFAULT 0,
  head_block           bigint,
  mint_confirmations   integer     NOT NULL,
  reveal_confirmations integer     NOT NULL,
  watch_error          text,
  watch_failures       integer     NOT NULL DEFAULT 0,
  watched_at           timestamptz,
  created_at           timestamptz NOT NULL DEFAULT now(),
  updated_at           timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT collections_pkey PRIMARY KEY (id),
  CONSTRAINT collections_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT collections_contract_is_registered_once UNIQUE (chain_id, contract),
  CONSTRAINT collections_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT collections_contract_is_an_address CHECK (contract ~ '^0x[0-9a-fA-F]{40}$'),
  CONSTRAINT collections_keeper_is_an_address CHECK (keeper ~ '^0x[0-9a-fA-F]{40}$'),
  CONSTRAINT collections_name_is_1_to_200_characters CHECK (length(name_template) BETWEEN 1 AND 200),
  CONSTRAINT collections_description_is_at_most_2000_characters CHECK (length(description) <= 2000),
  CONSTRAINT collections_prompts_are_1_to_1000_characters
    CHECK (length(default_prompt) BETWEEN 1 AND 1000 AND length(fallback_prompt) BETWEEN 1 AND 1000),
  CONSTRAINT collections_blocks_are_not_negative CHECK (start_block >= 0 AND next_block >= start_block),
  CONSTRAINT collections_confirmations_are_0_to_1000
    CHECK (mint_confirmations BETWEEN 0 AND 1000 AND reveal_confirmations BETWEEN 0 AND 1000)
);

COMMENT ON TABLE collections IS 'Stays small: operators register each row.';

INSERT INTO transitions
  (entity,       from_status, to_status, event,                action,   work,          payload)
VALUES
  ('collection', NULL,        'active',  'collection.added',   NULL,     'watch_chain', '{chain_id,contract}'),
  ('collection', 'active',    'paused',  'collection.paused',  'pause',  NULL,          '{pause_reason}'),
  ('collection', 'paused',    'active',  'collection.resumed', 'resume', 'watch_chain', '{}');

CALL follow_transitions('collections', 'collection');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:tokens:read'),
  ('member', 'workspace:tokens:read'),
  ('member', 'workspace:tokens:write'),
  ('owner',  'workspace:tokens:read'),
  ('owner',  'workspace:tokens:write'),
  ('owner',  'workspace:reveals:write');
