-- name: note_time :maybe
-- Records the current time, and returns by how much the clock has gone back since the last record.
-- If it has gone back by less than the tolerance, nothing is recorded and there is no row.
INSERT INTO latest_time AS latest (seen_at)
VALUES (now())
ON CONFLICT ON CONSTRAINT latest_time_is_one
DO UPDATE
      SET seen_at = EXCLUDED.seen_at
    WHERE latest.seen_at <= EXCLUDED.seen_at
       OR latest.seen_at > EXCLUDED.seen_at + %(tolerance)s
RETURNING greatest(old.seen_at - new.seen_at, '0') AS went_back;

-- name: later :many
-- The schedules that are not due, locked until the transaction ends.
SELECT id,
       kind,
       cron,
       next_run_at,
       now() AS asked_at
  FROM schedules
 WHERE next_run_at > now()
   FOR UPDATE;

-- name: claim_due :many
-- The schedules that are due, locked until the transaction ends; another clock skips them.
SELECT id,
       kind,
       cron,
       late,
       next_run_at,
       now() AS asked_at
  FROM schedules
 WHERE next_run_at <= now()
 ORDER BY next_run_at
   FOR UPDATE SKIP LOCKED;

-- name: fire :exec
-- Puts a schedule's work into the outbox, for each of some times, and advances the schedule;
-- returns how many rows are new. If each late time counts, each has its own row; otherwise there is
-- one, and no second one while the last is still queued.
WITH moved AS (
  UPDATE schedules
     SET next_run_at = %(next_run_at)s
   WHERE id = %(id)s
  RETURNING id, kind, late
)
INSERT INTO outbox (kind, subject_id, payload)
SELECT moved.kind,
       CASE moved.late
         WHEN 'all' THEN md5(moved.id::text || extract(epoch FROM slot.at))::uuid
         ELSE moved.id
       END,
       jsonb_build_object('at', slot.at)
  FROM moved
 CROSS JOIN unnest(%(slots)s::timestamptz[]) AS slot (at)
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO NOTHING;

-- name: due_in :value
-- Seconds until the next schedule is due, by the database's clock; null if there is none.
SELECT extract(epoch FROM min(next_run_at) - now())::float
  FROM schedules
 WHERE next_run_at > now();
