-- name: get :one
-- A delivery of a webhook.
SELECT *
  FROM webhook_delivery_answers(%(workspace_id)s, %(webhook_id)s)
 WHERE id = %(id)s;

-- name: list_of_webhook :many
-- The deliveries of a webhook, newest first.
SELECT *
  FROM webhook_delivery_answers(%(workspace_id)s, %(webhook_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: test :value
-- An event that only this webhook is told of, and its delivery; the delivery's id.
WITH tested AS (
  INSERT INTO events (workspace_id, user_id, entity, entity_id, event, actor, request_id)
  VALUES (
    %(workspace_id)s,
    '00000000-0000-0000-0000-000000000000',
    'webhook',
    %(webhook_id)s,
    'webhook.tested',
    current_setting('coffer.actor'),
    nullif(current_setting('coffer.request_id'), '')
  )
  RETURNING id, event
)
INSERT INTO webhook_deliveries (workspace_id, webhook_id, event_id, event)
SELECT %(workspace_id)s,
       %(webhook_id)s,
       id,
       event
  FROM tested
RETURNING id;

-- name: replay :value
-- Sends a delivery again, with the same id; its id, or no row if there is none. The database refuses it
-- while the delivery is pending.
UPDATE webhook_deliveries
   SET status = next_status('webhook_delivery', status, 'replay'),
       attempts = 0,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND webhook_id = %(webhook_id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: replay_span :exec
-- Sends the oldest of what did not arrive of a span of time again, up to so many; returns how many. The
-- ids begin with the time.
WITH missed AS MATERIALIZED (
  SELECT id
    FROM webhook_deliveries
   WHERE webhook_id = %(webhook_id)s
     AND status IN ('failed', 'skipped')
     AND id >= %(first_id)s
     AND id < %(end_id)s
   ORDER BY id
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries
   SET status = 'pending',
       attempts = 0,
       updated_at = now(),
       ended_at = NULL
  FROM missed
 WHERE webhook_deliveries.id = missed.id;

-- name: load :many
-- Deliveries to send: where to, and the event. No row for those that are not pending any more, and no
-- event where it is no longer kept.
SELECT delivery.id,
       delivery.webhook_id,
       delivery.event_id,
       delivery.attempts,
       webhook.status AS webhook_status,
       webhook.failing_since IS NOT NULL AS is_failing,
       webhook.url,
       webhook.secret,
       CASE WHEN webhook.previous_until > now() THEN webhook.previous_secret END AS previous_secret,
       event.event,
       event.entity,
       event.entity_id,
       event.workspace_id,
       event.from_status,
       event.to_status,
       event.actor,
       event.request_id,
       event.occurred_at
  FROM webhook_deliveries AS delivery
  JOIN webhooks AS webhook
    ON webhook.id = delivery.webhook_id
  LEFT JOIN events AS event
    ON event.id = delivery.event_id
 WHERE delivery.id = ANY (%(ids)s::uuid[])
   AND delivery.status = 'pending';

-- name: note :exec
-- Saves how an attempt ended; the delivery stays pending, or ends. 0 if it is no longer pending.
UPDATE webhook_deliveries
   SET status = %(status)s,
       attempts = attempts + 1,
       tries = CASE WHEN jsonb_array_length(tries) < 20 THEN tries ELSE tries - 0 END || %(tried)s::jsonb,
       response_status = %(response_status)s,
       response_excerpt = %(response_excerpt)s,
       error = %(error)s,
       updated_at = now(),
       ended_at = CASE WHEN %(status)s <> 'pending' THEN now() END
 WHERE id = %(id)s
   AND status = 'pending';

-- name: note_accepted :many
-- Saves that several deliveries were accepted at their first attempt or a later one; returns the ids of
-- those that were still pending.
WITH accepted AS (
  SELECT *
    FROM unnest(
           %(ids)s::uuid[],
           %(tried)s::jsonb[],
           %(response_statuses)s::integer[],
           %(response_excerpts)s::text[]
         ) AS attempt (id, tried, response_status, response_excerpt)
)
UPDATE webhook_deliveries AS delivery
   SET status = 'delivered',
       attempts = attempts + 1,
       tries = CASE WHEN jsonb_array_length(tries) < 20 THEN tries ELSE tries - 0 END || accepted.tried,
       response_status = accepted.response_status,
       response_excerpt = accepted.response_excerpt,
       error = NULL,
       updated_at = now(),
       ended_at = now()
  FROM accepted
 WHERE delivery.id = accepted.id
   AND delivery.status = 'pending'
RETURNING delivery.id;

-- name: settle :exec
-- Ends a delivery without an attempt.
UPDATE webhook_deliveries
   SET status = %(status)s,
       error = %(error)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'pending';

-- name: revive :exec
-- Sends a delivery again that was given up, for an operator.
UPDATE webhook_deliveries
   SET status = 'pending',
       attempts = 0,
       updated_at = now(),
       ended_at = NULL
 WHERE id = %(id)s
   AND status = 'failed';

-- name: expire :exec
-- Removes a batch of the deliveries that ended longest ago, thirty days or more.
WITH past AS MATERIALIZED (
  SELECT id
    FROM webhook_deliveries
   WHERE ended_at < now() - interval '30 days'
   ORDER BY ended_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM webhook_deliveries
 USING past
 WHERE webhook_deliveries.id = past.id;
