-- Changes of a user's mail address.

-- A change is `pending` until its token, which only the new address gets, is used by the signed-in user.
-- From the beginning, and for a week after it was confirmed, `undo_hash` is of the token that the old
-- address got: it withdraws the change, or takes it back. `old_email` is null for a user who had none.
CREATE TABLE email_changes (
  id           uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  old_email    text,
  new_email    text        NOT NULL,
  token_hash   bytea       NOT NULL,
  undo_hash    bytea       NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  expires_at   timestamptz NOT NULL,
  CONSTRAINT email_changes_pkey PRIMARY KEY (id),
  CONSTRAINT email_changes_token_is_unique UNIQUE (token_hash),
  CONSTRAINT email_changes_undo_is_unique UNIQUE (undo_hash),
  CONSTRAINT email_changes_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT email_changes_email_is_3_to_254_of_ascii CHECK (new_email ~ '^[!-~]{3,254}$')
);

CREATE UNIQUE INDEX email_changes_are_pending_once_for_each_user
    ON email_changes (user_id)
 WHERE confirmed_at IS NULL;
CREATE INDEX email_changes_by_user ON email_changes (user_id, id);
CREATE INDEX email_changes_by_expiry ON email_changes (expires_at);
