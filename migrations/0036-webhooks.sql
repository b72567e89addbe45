-- Webhooks: endpoints of other programs that are told of events, and what is sent to them.

-- `secret` and `previous_secret`, which is used too until `previous_until`, are encrypted with a key of the
-- webhook's own. It is told of the events that `events` names, null: of all. While it does not answer,
-- `failures` counts its attempts and nothing is sent to it until `held_until`; `failing_since` is the
-- first attempt, of whatever delivery, after the last that succeeded. `pause_reason` is why it is
-- paused, null if a person wanted that.
CREATE TABLE webhooks (
  id              uuid        NOT NULL,
  workspace_id    uuid        NOT NULL,
  created_by      uuid        NOT NULL,
  url             text        NOT NULL,
  description     text,
  events          text[],
  secret          bytea       NOT NULL,
  previous_secret bytea,
  previous_until  timestamptz,
  status          text        NOT NULL DEFAULT 'active',
  pause_reason    text,
  failures        integer     NOT NULL DEFAULT 0,
  failing_since   timestamptz,
  held_until      timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT webhooks_pkey PRIMARY KEY (id),
  CONSTRAINT webhooks_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT webhooks_user_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT webhooks_url_is_at_most_2048_characters CHECK (length(url) <= 2048),
  CONSTRAINT webhooks_description_is_at_most_200_characters CHECK (length(description) <= 200),
  CONSTRAINT webhooks_events_are_1_to_50 CHECK (cardinality(events) BETWEEN 1 AND 50)
);

INSERT INTO transitions
  (entity,    from_status, to_status, event,             action,   work, payload)
VALUES
  ('webhook', NULL,        'active',  'webhook.created', NULL,     NULL, '{}'),
  ('webhook', 'active',    'paused',  'webhook.paused',  'pause',  NULL, '{pause_reason}'),
  ('webhook', 'paused',    'active',  'webhook.resumed', 'resume', NULL, '{}');

CALL follow_transitions('webhooks', 'webhook');

-- Each event looks here.
CREATE INDEX webhooks_by_workspace ON webhooks (workspace_id, id);
CREATE INDEX webhooks_by_user ON webhooks (created_by);

-- What a webhook is told: one event, once. It is `skipped` if the webhook was paused at the time, and can
-- be sent later. `attempts` counts since it last became `pending`; `tries` has the last twenty of all.
CREATE TABLE webhook_deliveries (
  id               uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id     uuid        NOT NULL,
  webhook_id       uuid        NOT NULL,
  event_id         bigint      NOT NULL,
  event            text        NOT NULL,
  status           text        NOT NULL DEFAULT 'pending',
  attempts         integer     NOT NULL DEFAULT 0,
  tries            jsonb       NOT NULL DEFAULT '[]',
  response_status  integer,
  response_excerpt text,
  error            text,
  created_at       timestamptz NOT NULL DEFAULT now(),
  updated_at       timestamptz NOT NULL DEFAULT now(),
  ended_at         timestamptz,
  CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_deliveries_tell_of_an_event_once UNIQUE (webhook_id, event_id),
  CONSTRAINT webhook_deliveries_webhook_exists FOREIGN KEY (webhook_id)
    REFERENCES webhooks (id) ON DELETE CASCADE,
  CONSTRAINT webhook_deliveries_excerpt_is_at_most_1000_characters CHECK (length(response_excerpt) <= 1000)
);

-- Its work is queued by a trigger of its own, below. A delivery tells of an event, and keeps its attempts
-- itself: events of deliveries would double the log.
INSERT INTO transitions
  (entity,             from_status, to_status,   event,                        action,   audience, is_recorded)
VALUES
  ('webhook_delivery', NULL,        'pending',   'webhook_delivery.created',   NULL,     'nobody', false),
  ('webhook_delivery', NULL,        'skipped',   'webhook_delivery.skipped',   NULL,     'nobody', false),
  ('webhook_delivery', 'pending',   'delivered', 'webhook_delivery.delivered', NULL,     'nobody', false),
  ('webhook_delivery', 'pending',   'failed',    'webhook_delivery.failed',    NULL,     'nobody', false),
  ('webhook_delivery', 'pending',   'skipped',   'webhook_delivery.skipped',   NULL,     'nobody', false),
  ('webhook_delivery', 'failed',    'pending',   'webhook_delivery.replayed',  'replay', 'nobody', false),
  ('webhook_delivery', 'delivered', 'pending',   'webhook_delivery.replayed',  'replay', 'nobody', false),
  ('webhook_delivery', 'skipped',   'pending',   'webhook_delivery.replayed',  'replay', 'nobody', false);

CALL follow_transitions('webhook_deliveries', 'webhook_delivery');

-- The deliveries of a webhook, all and by status; and those that ended longest ago.
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (webhook_id, status, id);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (ended_at) WHERE ended_at IS NOT NULL;

-- Queues a delivery that became pending. Webhooks take turns as workspaces do with other work: so in
-- its row of the outbox, the id of the webhook is in the place of the workspace's. If nothing is sent to
-- the webhook at present, it waits with the others, each for a time of its own.
CREATE FUNCTION queue_delivery()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id, traceparent, run_after)
  SELECT 'deliver_webhooks',
         NEW.id,
         NEW.webhook_id,
         nullif(current_setting('coffer.request_id', true), ''),
         nullif(current_setting('coffer.traceparent', true), ''),
         greatest(clock_timestamp(), webhook.held_until + random() * interval '1 second')
    FROM webhooks AS webhook
   WHERE webhook.id = NEW.webhook_id
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO UPDATE
        SET run_after = EXCLUDED.run_after,
            claim = NULL,
            claimed_by = NULL,
            attempts = 0,
            cut_off = 0,
            last_error = NULL,
            enqueued_at = EXCLUDED.enqueued_at;
  DELETE FROM dead_letters AS dead
   WHERE dead.kind = 'deliver_webhooks'
     AND dead.subject_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER webhook_deliveries_are_queued
  AFTER INSERT ON webhook_deliveries
  FOR EACH ROW
  WHEN (NEW.status = 'pending')
  EXECUTE FUNCTION queue_delivery();

CREATE TRIGGER webhook_deliveries_are_queued_again
  AFTER UPDATE ON webhook_deliveries
  FOR EACH ROW
  WHEN (NEW.status = 'pending' AND OLD.status <> 'pending')
  EXECUTE FUNCTION queue_delivery();

-- Tells the webhooks of a workspace of events, in the transaction that writes them: an event and its
-- deliveries are there together or not at all. Of what is one user's alone they are told in that user's
-- personal workspace, and not in others.
CREATE FUNCTION tell_webhooks()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_id, event, status, ended_at)
  SELECT webhook.workspace_id,
         webhook.id,
         told.id,
         told.event,
         CASE webhook.status WHEN 'active' THEN 'pending' ELSE 'skipped' END,
         CASE webhook.status WHEN 'active' THEN NULL ELSE now() END
    FROM new_events AS told
    JOIN webhooks AS webhook
      ON webhook.workspace_id = told.workspace_id
   WHERE is_listed(told.event, webhook.events)
     AND (
           told.user_id IS NULL
           OR EXISTS (
                SELECT FROM workspaces AS workspace
                 WHERE workspace.id = told.workspace_id
                   AND workspace.personal_of = told.user_id
              )
         )
   ORDER BY told.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER events_are_told_to_webhooks
  AFTER INSERT ON events
  REFERENCING NEW TABLE AS new_events
  FOR EACH STATEMENT
  EXECUTE FUNCTION tell_webhooks();

-- A webhook as responses show it.
CREATE TYPE webhook_answer AS (
  id             uuid,
  url            text,
  description    text,
  events         text[],
  status         text,
  pause_reason   text,
  failing_since  timestamptz,
  held_until     timestamptz,
  previous_until timestamptz,
  created_by     uuid,
  created_at     timestamptz,
  updated_at     timestamptz
);

-- The webhooks of a workspace, as responses show them.
CREATE FUNCTION webhook_answers(of_workspace uuid)
RETURNS SETOF webhook_answer
LANGUAGE sql
STABLE
AS $$
  SELECT id,
         url,
         description,
         events,
         status,
         pause_reason,
         failing_since,
         CASE WHEN held_until > now() THEN held_until END,
         CASE WHEN previous_until > now() THEN previous_until END,
         created_by,
         created_at,
         updated_at
    FROM webhooks
   WHERE workspace_id = of_workspace
$$;

-- A delivery as responses show it.
CREATE TYPE webhook_delivery_answer AS (
  id               uuid,
  event_id         bigint,
  event            text,
  entity           text,
  entity_id        uuid,
  status           text,
  attempts         integer,
  tries            jsonb,
  response_status  integer,
  response_excerpt text,
  error            text,
  next_attempt_at  timestamptz,
  created_at       timestamptz,
  updated_at       timestamptz,
  ended_at         timestamptz
);

-- The deliveries of a webhook of a workspace, as responses show them.
CREATE FUNCTION webhook_delivery_answers(of_workspace uuid, of_webhook uuid)
RETURNS SETOF webhook_delivery_answer
LANGUAGE sql
STABLE
AS $$
  SELECT delivery.id,
         delivery.event_id,
         delivery.event,
         event.entity,
         event.entity_id,
         delivery.status,
         delivery.attempts,
         delivery.tries,
         delivery.response_status,
         delivery.response_excerpt,
         delivery.error,
         (
           SELECT work.run_after
             FROM outbox AS work
            WHERE work.kind = 'deliver_webhooks'
              AND work.subject_id = delivery.id
              AND work.claim IS NULL
         ),
         delivery.created_at,
         delivery.updated_at,
         delivery.ended_at
    FROM webhook_deliveries AS delivery
    LEFT JOIN events AS event
      ON event.id = delivery.event_id
   WHERE delivery.webhook_id = of_webhook
     AND delivery.workspace_id = of_workspace
$$;

INSERT INTO role_permissions (role, permission)
VALUES ('owner', 'workspace:webhooks:manage');

INSERT INTO schedules (kind, cron)
VALUES ('expire_deliveries', '27 * * * *');
