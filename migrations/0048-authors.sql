-- Authors: the wallets for which tokens of a collection are minted, and the prompts of their pictures.

-- `prompt_version` counts the prompts that the wallet has signed. A signature names the version that it
-- makes, so that it is good only once.
CREATE TABLE authors (
  id               uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id     uuid        NOT NULL,
  collection_id    uuid        NOT NULL,
  wallet           text        NOT NULL,
  twitter_handle   text,
  farcaster_handle text,
  prompt_text      text,
  prompt_version   integer     NOT NULL DEFAULT 0,
  prompt_set_at    timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT authors_pkey PRIMARY KEY (id),
  CONSTRAINT authors_wallet_is_known_once UNIQUE (collection_id, wallet),
  CONSTRAINT authors_collection_exists FOREIGN KEY (workspace_id, collection_id)
    REFERENCES collections (workspace_id, id),
  CONSTRAINT authors_wallet_is_an_address CHECK (wallet ~ '^0x[0-9a-fA-F]{40}$'),
  CONSTRAINT authors_handles_are_1_to_50_characters
    CHECK (length(twitter_handle) BETWEEN 1 AND 50 AND length(farcaster_handle) BETWEEN 1 AND 50),
  CONSTRAINT authors_prompt_is_1_to_1000_characters CHECK (length(prompt_text) BETWEEN 1 AND 1000)
);

CREATE INDEX authors_by_collection ON authors (workspace_id, collection_id, id);
