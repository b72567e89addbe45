-- name: claim_due :many
-- The schedules that are due, held until the transaction ends; another clock skips them.
SELECT id,
       kind,
       cron
  FROM schedules
 WHERE next_run_at <= now()
 ORDER BY next_run_at
   FOR UPDATE SKIP LOCKED;

-- name: fire :exec
-- Puts a schedule's work into the outbox, unless the last one is there still, and moves the
-- schedule on.
WITH moved AS (
  UPDATE schedules
     SET next_run_at = %(next_run_at)s
   WHERE id = %(id)s
  RETURNING id, kind
)
INSERT INTO outbox (kind, subject_id)
SELECT kind, id
  FROM moved
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO NOTHING;

-- name: next_run_at :value
-- When the next schedule is due; null where there is none.
SELECT min(next_run_at)
  FROM schedules;
