-- Responses to POSTs with an Idempotency-Key, to be repeated for a day.

-- A response belongs to its workspace: the same key sent to another one is another request.
-- `status` is null only inside the transaction that creates the row: another request with the key
-- waits for that transaction, and then finds either the response or no row at all.
CREATE TABLE idempotency_keys (
  user_id      uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  key          text        NOT NULL,
  request_hash bytea       NOT NULL,
  status       smallint,
  location     text,
  body         bytea,
  expires_at   timestamptz NOT NULL DEFAULT now() + interval '24 hours',
  CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, workspace_id, key),
  CONSTRAINT idempotency_keys_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT idempotency_keys_workspace_exists FOREIGN KEY (workspace_id)
    REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT idempotency_keys_key_is_1_to_255_characters CHECK (length(key) BETWEEN 1 AND 255)
);

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

INSERT INTO schedules (kind, cron)
VALUES ('expire_idempotency_keys', '*/10 * * * *');
