-- Keys for programs: each belongs to one user in one workspace, and is removed with the membership.

-- `secret_hash` is the SHA-256 of the whole key, which is random and so needs no slow hash.
-- `prefix` is its beginning, to recognise it by. A year is at most 366 days, plus a day for
-- differing clocks.
CREATE TABLE api_keys (
  id                uuid        NOT NULL DEFAULT uuidv7(),
  user_id           uuid        NOT NULL,
  workspace_id      uuid        NOT NULL,
  name              text        NOT NULL,
  prefix            text        NOT NULL,
  secret_hash       bytea       NOT NULL,
  scopes            text[]      NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  expires_at        timestamptz NOT NULL,
  last_used_at      timestamptz,
  last_used_address inet,
  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_secret_is_unique UNIQUE (secret_hash),
  CONSTRAINT api_keys_member_exists FOREIGN KEY (workspace_id, user_id)
    REFERENCES members (workspace_id, user_id) ON DELETE CASCADE,
  CONSTRAINT api_keys_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT api_keys_last_a_year_at_most CHECK (expires_at < created_at + interval '8808 hours')
);

CREATE INDEX api_keys_by_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_member ON api_keys (workspace_id, user_id);
