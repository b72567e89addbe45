-- Mails to send.

-- `about` is the subject of the template: a registration, a reset, an invitation or a user; the nil
-- UUID if only the worker finds out whether there is an account. No token is stored here: the
-- worker recomputes it from the id.
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

-- A mail is `dropped` if, when its turn comes, there is nobody left to send it to or nothing to
-- send it about.
INSERT INTO transitions
  (entity, from_status, to_status, event,          action, work,         payload)
VALUES
  ('mail', NULL,        'queued',  'mail.queued',  NULL,   'send_mails', '{template}'),
  ('mail', 'queued',    'sent',    'mail.sent',    NULL,   NULL,         '{template}'),
  ('mail', 'queued',    'dropped', 'mail.dropped', NULL,   NULL,         '{template}'),
  ('mail', 'queued',    'failed',  'mail.failed',  NULL,   NULL,         '{template,error}'),
  ('mail', 'failed',    'queued',  'mail.queued',  NULL,   'send_mails', '{template}');

CALL follow_transitions('mails', 'mail');

CREATE INDEX mails_by_time ON mails (created_at);
