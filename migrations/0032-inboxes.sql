-- Inboxes: secret addresses whose mail becomes documents. Each belongs to one user in one workspace, and
-- is removed with the membership.

-- `token_hash` is the SHA-256 of the secret part of the address, which is random and so needs no slow
-- hash.
CREATE TABLE inboxes (
  id               uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id     uuid        NOT NULL,
  user_id          uuid        NOT NULL,
  name             text        NOT NULL,
  folder_id        uuid,
  token_hash       bytea       NOT NULL,
  last_received_at timestamptz,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT inboxes_pkey PRIMARY KEY (id),
  CONSTRAINT inboxes_token_is_unique UNIQUE (token_hash),
  CONSTRAINT inboxes_member_exists FOREIGN KEY (workspace_id, user_id)
    REFERENCES members (workspace_id, user_id) ON DELETE CASCADE,
  CONSTRAINT inboxes_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT inboxes_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE INDEX inboxes_by_member ON inboxes (workspace_id, user_id, id);
CREATE INDEX inboxes_by_folder ON inboxes (workspace_id, folder_id) WHERE folder_id IS NOT NULL;

-- Messages that were received by an inbox, or fetched from a watched folder of a mailbox: first stored
-- whole, then made documents of. `object_id` is the message's own object, until it is `filed`. `documents`
-- and `duplicates` count what became of its files, `refused` says why others became nothing. A message
-- that is `refused` was not stored: it stays in the mailbox.
CREATE TABLE received_mails (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  inbox_id     uuid,
  watch_id     uuid,
  object_id    uuid,
  sender       text        NOT NULL,
  bytes        bigint      NOT NULL,
  status       text        NOT NULL DEFAULT 'received',
  documents    integer     NOT NULL DEFAULT 0,
  duplicates   integer     NOT NULL DEFAULT 0,
  refused      text[]      NOT NULL DEFAULT '{}',
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  CONSTRAINT received_mails_pkey PRIMARY KEY (id),
  CONSTRAINT received_mails_inbox_exists FOREIGN KEY (inbox_id)
    REFERENCES inboxes (id) ON DELETE CASCADE,
  CONSTRAINT received_mails_watch_exists FOREIGN KEY (watch_id)
    REFERENCES watches (id) ON DELETE CASCADE,
  CONSTRAINT received_mails_are_of_an_inbox_or_a_watch CHECK (num_nonnulls(inbox_id, watch_id) = 1),
  CONSTRAINT received_mails_object_exists FOREIGN KEY (object_id)
    REFERENCES objects (id) ON DELETE SET NULL,
  CONSTRAINT received_mails_sender_is_at_most_500_characters CHECK (length(sender) <= 500)
);

INSERT INTO transitions
  (entity,          from_status, to_status,  event,                    action,  work,         payload)
VALUES
  ('received_mail', NULL,        'received', 'received_mail.received', NULL,    'file_mails', '{bytes}'),
  ('received_mail', NULL,        'refused',  'received_mail.refused',  NULL,    NULL,         '{bytes,error}'),
  ('received_mail', 'received',  'filed',    'received_mail.filed',    NULL,    NULL,         '{documents,duplicates}'),
  ('received_mail', 'received',  'failed',   'received_mail.failed',   NULL,    NULL,         '{error}'),
  ('received_mail', 'failed',    'received', 'received_mail.retried',  'retry', 'file_mails', '{}');

CALL follow_transitions('received_mails', 'received_mail');

CREATE INDEX received_mails_by_inbox ON received_mails (inbox_id, id);
CREATE INDEX received_mails_by_watch ON received_mails (watch_id, id);
CREATE INDEX received_mails_by_object ON received_mails (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX received_mails_by_end ON received_mails (ended_at) WHERE ended_at IS NOT NULL;

-- A message that is removed takes its object along, whatever it is removed with.
CREATE FUNCTION doom_received_mail()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE objects
     SET status = 'doomed'
   WHERE id = OLD.object_id
     AND status <> 'doomed';
  RETURN NULL;
END
$$;

CREATE TRIGGER received_mails_take_their_object_along
  AFTER DELETE ON received_mails
  FOR EACH ROW
  WHEN (OLD.object_id IS NOT NULL)
  EXECUTE FUNCTION doom_received_mail();

INSERT INTO role_permissions (role, permission)
VALUES
  ('member', 'workspace:inboxes:manage'),
  ('owner',  'workspace:inboxes:manage');

INSERT INTO schedules (kind, cron)
VALUES ('expire_received_mails', '53 * * * *');
