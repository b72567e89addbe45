-- How users get in: accounts with a password, registrations that wait for their confirmation,
-- sessions, a second factor, single sign-on, and the mails that all of this takes.

-- A user of the development header has a handle alone. An address is kept in the form in which mail
-- is sent to it, in ASCII: compared by Unicode's rules, two of different owners may be the same. Nobody reads a password out of its hash
-- (Argon2, with its parameters in it); an account of single sign-on has none.
ALTER TABLE users
  ADD COLUMN email               text,
  ADD COLUMN email_verified_at   timestamptz,
  ADD COLUMN name                text,
  ADD COLUMN password_hash       text,
  ADD COLUMN password_changed_at timestamptz,
  ADD COLUMN is_admin            boolean NOT NULL DEFAULT false,
  ADD COLUMN disabled_at         timestamptz,
  ADD CONSTRAINT users_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$'),
  ADD CONSTRAINT users_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100);

CREATE UNIQUE INDEX users_email_is_unique ON users (fold(email));

-- Somebody asked for an account and has not shown yet that the address is theirs. Several may wait
-- for one address: whoever reads its mail and knows the password of one of them gets the account.
CREATE TABLE registrations (
  id            uuid        NOT NULL,
  email         text        NOT NULL,
  name          text,
  password_hash text        NOT NULL,
  token_hash    bytea       NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  expires_at    timestamptz NOT NULL,
  CONSTRAINT registrations_pkey PRIMARY KEY (id),
  CONSTRAINT registrations_token_is_unique UNIQUE (token_hash),
  CONSTRAINT registrations_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$'),
  CONSTRAINT registrations_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE INDEX registrations_by_expiry ON registrations (expires_at);

-- Somebody forgot the password of an account with this address, if there is one: the request does
-- the same in either case, and the worker that sends the mail finds out.
CREATE TABLE password_resets (
  id         uuid        NOT NULL,
  email      text        NOT NULL,
  token_hash bytea       NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT password_resets_pkey PRIMARY KEY (id),
  CONSTRAINT password_resets_token_is_unique UNIQUE (token_hash),
  CONSTRAINT password_resets_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$')
);

CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);
CREATE INDEX password_resets_by_email ON password_resets (fold(email));

-- A log-in and everything refreshed from it. One refresh token is good at a time, that of the last
-- generation; `token_hash` is its SHA-256. The workspace is the personal one of its user.
CREATE TABLE sessions (
  id           uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  status       text        NOT NULL,
  generation   integer     NOT NULL DEFAULT 0,
  token_hash   bytea       NOT NULL,
  method       text        NOT NULL,
  has_cookie   boolean     NOT NULL,
  address      inet,
  user_agent   text,
  end_reason   text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  refreshed_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  CONSTRAINT sessions_pkey PRIMARY KEY (id),
  CONSTRAINT sessions_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT sessions_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT sessions_user_agent_is_at_most_300_characters CHECK (length(user_agent) <= 300)
);

INSERT INTO transitions
  (entity,    from_status,     to_status,       event,                  action, work, payload)
VALUES
  ('session', NULL,            'awaiting_totp', 'session.awaits_totp',  NULL,   NULL, '{method}'),
  ('session', NULL,            'active',        'session.started',      NULL,   NULL, '{method}'),
  ('session', 'awaiting_totp', 'active',        'session.started',      NULL,   NULL, '{method}'),
  ('session', 'awaiting_totp', 'ended',         'session.ended',        NULL,   NULL, '{end_reason}'),
  ('session', 'active',        'ended',         'session.ended',        NULL,   NULL, '{end_reason}');

CREATE TRIGGER sessions_are_born_by_the_table_of_transitions
  AFTER INSERT ON sessions
  FOR EACH ROW
  EXECUTE FUNCTION record_transition('session');

CREATE TRIGGER sessions_move_by_the_table_of_transitions
  AFTER UPDATE ON sessions
  FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION record_transition('session');

-- The sessions of a user that are not over.
CREATE INDEX sessions_live ON sessions (user_id, id) WHERE status <> 'ended';
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- From where a user has signed in before: attacks from elsewhere do not keep them out.
CREATE TABLE known_addresses (
  user_id uuid        NOT NULL,
  network inet        NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT known_addresses_pkey PRIMARY KEY (user_id, network),
  CONSTRAINT known_addresses_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX known_addresses_by_time ON known_addresses (seen_at);

-- The second factor of a user: the secret, encrypted, and the last step of time of which a code was
-- used, so that each works once. It asks for nothing until it is confirmed.
CREATE TABLE totp (
  user_id      uuid        NOT NULL,
  secret       bytea       NOT NULL,
  last_step    bigint      NOT NULL DEFAULT 0,
  created_at   timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  CONSTRAINT totp_pkey PRIMARY KEY (user_id),
  CONSTRAINT totp_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- Codes in place of the second factor. A used one is gone.
CREATE TABLE recovery_codes (
  user_id   uuid  NOT NULL,
  code_hash bytea NOT NULL,
  CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
  CONSTRAINT recovery_codes_totp_exists FOREIGN KEY (user_id) REFERENCES totp (user_id) ON DELETE CASCADE
);

-- Who a user is to a provider of single sign-on.
CREATE TABLE identities (
  provider   text        NOT NULL,
  subject    text        NOT NULL,
  user_id    uuid        NOT NULL,
  email      text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT identities_pkey PRIMARY KEY (provider, subject),
  CONSTRAINT identities_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT identities_one_for_each_user_and_provider UNIQUE (user_id, provider)
);

-- Mails to be sent. `about` is what the template tells of: a registration, a reset, an invitation
-- or a user. No token stands here: the worker makes it again from the id.
CREATE TABLE mails (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  template     text        NOT NULL,
  recipient    text        NOT NULL,
  about        uuid        NOT NULL,
  details      jsonb       NOT NULL DEFAULT '{}',
  status       text        NOT NULL DEFAULT 'queued',
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT mails_pkey PRIMARY KEY (id),
  CONSTRAINT mails_recipient_is_3_to_254_of_ascii CHECK (recipient ~ '^[!-~]{3,254}$')
);

-- `dropped`: when its turn came there was nobody or nothing to send it about any more.
INSERT INTO transitions
  (entity, from_status, to_status, event,          action, work,         payload)
VALUES
  ('mail', NULL,        'queued',  'mail.queued',  NULL,   'send_mails', '{template}'),
  ('mail', 'queued',    'sent',    'mail.sent',    NULL,   NULL,         '{template}'),
  ('mail', 'queued',    'dropped', 'mail.dropped', NULL,   NULL,         '{template}'),
  ('mail', 'queued',    'failed',  'mail.failed',  NULL,   NULL,         '{template,error}'),
  ('mail', 'failed',    'queued',  'mail.queued',  NULL,   'send_mails', '{template}');

CREATE TRIGGER mails_are_born_by_the_table_of_transitions
  AFTER INSERT ON mails
  FOR EACH ROW
  EXECUTE FUNCTION record_transition('mail');

CREATE TRIGGER mails_move_by_the_table_of_transitions
  AFTER UPDATE ON mails
  FOR EACH ROW
  WHEN (OLD.status IS DISTINCT FROM NEW.status)
  EXECUTE FUNCTION record_transition('mail');

CREATE INDEX mails_by_time ON mails (created_at);

INSERT INTO schedules (kind, cron)
VALUES ('expire_tokens', '*/10 * * * *');
