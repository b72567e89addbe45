-- Sessions: a log-in, and everything that is refreshed from it.

-- One refresh token is valid at a time, that of the last generation; `token_hash` is its SHA-256.
-- The workspace is the user's personal one.
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

CALL follow_transitions('sessions', 'session');

-- The active sessions of a user.
CREATE INDEX sessions_live ON sessions (user_id, id) WHERE status <> 'ended';
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- Sessions, and everything else about signing in that expires.
INSERT INTO schedules (kind, cron)
VALUES ('expire_tokens', '*/10 * * * *');
