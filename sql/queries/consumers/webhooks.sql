-- name: create :maybe
-- A new webhook, as responses show it; no row if the workspace has as many as it may.
WITH created AS (
  INSERT INTO webhooks (id, workspace_id, created_by, url, description, events, secret)
  SELECT %(id)s,
         %(workspace_id)s,
         %(created_by)s,
         %(url)s,
         %(description)s,
         %(events)s,
         %(secret)s
   WHERE (SELECT count(*) FROM webhooks WHERE workspace_id = %(workspace_id)s) < %(most)s
  RETURNING *
)
SELECT id,
       url,
       description,
       events,
       status,
       pause_reason,
       failing_since,
       held_until,
       previous_until,
       created_by,
       created_at,
       updated_at
  FROM created;

-- name: get :one
-- A webhook.
SELECT *
  FROM webhook_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: list_of_workspace :many
-- The webhooks of a workspace, newest first.
SELECT *
  FROM webhook_answers(%(workspace_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: hold :one
-- Locks a webhook until the transaction ends.
SELECT url,
       description,
       events,
       status
  FROM webhooks
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR NO KEY UPDATE;

-- name: change :exec
-- Changes a webhook.
UPDATE webhooks
   SET url = %(url)s,
       description = %(description)s,
       events = %(events)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: act :exec
-- Pauses a webhook, or resumes it as if it had never failed. The database refuses an action that the
-- status does not allow.
UPDATE webhooks
   SET status = next_status('webhook', status, %(action)s),
       pause_reason = NULL,
       failures = 0,
       failing_since = NULL,
       held_until = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: rotate :value
-- Gives a webhook a new secret; the former one is used too for a day. The id, or no row if there is no
-- such webhook.
UPDATE webhooks
   SET previous_secret = secret,
       previous_until = now() + interval '24 hours',
       secret = %(secret)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: remove :value
-- Removes a webhook and its deliveries; the id, or no row if there is no such webhook. Its history stays.
WITH removed AS (
  DELETE FROM webhooks
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id, status
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       'webhook',
       id,
       'webhook.removed',
       status,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM removed
RETURNING entity_id;

-- name: seal :exec
-- Saves secrets that were encrypted again, unless they have changed in between.
UPDATE webhooks
   SET secret = %(secret)s,
       previous_secret = %(previous_secret)s
 WHERE id = %(id)s
   AND secret = %(before)s;

-- name: note_success :exec
-- The webhook answers again.
UPDATE webhooks
   SET failures = 0,
       failing_since = NULL,
       held_until = NULL
 WHERE id = %(id)s
   AND failing_since IS NOT NULL;

-- name: note_failure :maybe
-- An attempt failed. How many failed since the webhook last answered, and whether it has failed for too
-- long; no row if it is paused.
UPDATE webhooks
   SET failures = failures + %(is_down)s::boolean::integer,
       failing_since = coalesce(failing_since, now())
 WHERE id = %(id)s
   AND status = 'active'
RETURNING failures,
          failing_since < now() - %(patience)s::interval AS is_given_up;

-- name: wait :exec
-- Nothing is sent to a webhook for a while: what is queued for it waits, and so does what comes. Each
-- gets a time of its own; what a worker holds, or is locked, is left alone. Returns how much waits.
WITH held AS (
  UPDATE webhooks
     SET held_until = greatest(held_until, now() + %(wait)s)
   WHERE id = %(id)s
  RETURNING id, held_until
), waiting AS MATERIALIZED (
  SELECT outbox.ctid AS place
    FROM outbox
   WHERE outbox.kind = 'deliver_webhooks'
     AND outbox.workspace_id = %(id)s
     AND outbox.run_after < now() + %(wait)s
     AND outbox.claim IS NULL
     FOR UPDATE SKIP LOCKED
)
UPDATE outbox
   SET run_after = held.held_until + (clock_timestamp() - now())
  FROM held
 WHERE outbox.ctid = ANY (ARRAY(SELECT place FROM waiting));

-- name: give_up :exec
-- Pauses a webhook that is gone, or has failed for too long, and tells the owners of the workspace by
-- mail; returns how many.
WITH paused AS (
  UPDATE webhooks
     SET status = 'paused',
         pause_reason = %(reason)s,
         held_until = NULL,
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'active'
  RETURNING id, workspace_id, failing_since
)
INSERT INTO mails (template, recipient, about, details)
SELECT 'webhook_paused',
       users.email,
       paused.id,
       jsonb_build_object(
         'host', %(host)s::text,
         'reason', %(reason)s::text,
         'workspace', workspace.name,
         'failing_since', paused.failing_since
       )
  FROM paused
  JOIN workspaces AS workspace
    ON workspace.id = paused.workspace_id
  JOIN members AS member
    ON member.workspace_id = paused.workspace_id
   AND member.role = 'owner'
  JOIN users
    ON users.id = member.user_id
   AND users.disabled_at IS NULL
   AND users.email_verified_at IS NOT NULL;

-- name: is_in_personal_workspace :value
-- Whether a workspace is a user's personal one, in which webhooks are told of what is that user's alone.
SELECT EXISTS (
         SELECT FROM workspaces
          WHERE id = %(workspace_id)s
            AND personal_of IS NOT NULL
       );
