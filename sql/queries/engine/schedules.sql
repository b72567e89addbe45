-- name: note_time :maybe
-- Records the current time, and returns by how much the clock has gone back since the last record.
-- If it has gone back by less than the tolerance, nothing is recorded and there is no row. The last record is
-- locked first, so that of several clocks one notices.
WITH before AS MATERIALIZED (
  SELECT seen_at
    FROM latest_time
     FOR UPDATE
),
moved AS (
  UPDATE latest_time
     SET seen_at = now()
    FROM before
   WHERE before.seen_at <= now()
      OR before.seen_at > now() + %(tolerance)s
  RETURNING greatest(before.seen_at - now(), '0') AS went_back
),
begun AS (
  INSERT INTO latest_time (seen_at)
  SELECT now()
   WHERE NOT EXISTS (SELECT FROM before)
  ON CONFLICT ON CONSTRAINT latest_time_is_one
  DO NOTHING
  RETURNING interval '0' AS went_back
)
SELECT went_back
  FROM moved
 UNION ALL
SELECT went_back
  FROM begun;

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
-- The schedules that are due and not paused, locked until the transaction ends; another clock skips
-- them.
SELECT id,
       kind,
       cron,
       late,
       next_run_at,
       now() AS asked_at
  FROM schedules
 WHERE next_run_at <= now()
   AND paused_at IS NULL
 ORDER BY next_run_at
   FOR UPDATE SKIP LOCKED;

-- name: fire :exec
-- Puts a schedule's work into the outbox, for each of some times, and advances the schedule;
-- returns how many rows are new. If each late time counts, each has its own row; otherwise there is
-- one, and no second one while the last is still queued.
WITH moved AS (
  UPDATE schedules
     SET next_run_at = %(next_run_at)s,
         last_run_at = CASE
           WHEN cardinality(%(slots)s::timestamptz[]) > 0 THEN now()
           ELSE last_run_at
         END
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
 WHERE next_run_at > now()
   AND paused_at IS NULL;

-- name: list :many
-- All schedules by name, whether their work is queued, and how much of it was given up.
SELECT schedule.kind,
       schedule.cron,
       schedule.late,
       schedule.next_run_at,
       extract(epoch FROM schedule.next_run_at - now())::float AS due_in_seconds,
       schedule.last_run_at,
       extract(epoch FROM now() - schedule.last_run_at)::float AS last_run_seconds_ago,
       schedule.paused_at,
       extract(epoch FROM now() - schedule.paused_at)::float AS paused_seconds,
       EXISTS (
         SELECT
           FROM outbox AS work
          WHERE work.kind = schedule.kind
       ) AS is_queued,
       (
         SELECT count(*)
           FROM dead_letters AS dead
          WHERE dead.kind = schedule.kind
       ) AS dead_letters
  FROM schedules AS schedule
 ORDER BY schedule.kind;

-- name: find :maybe
-- A schedule by its kind of work, locked until the transaction ends.
SELECT id,
       kind,
       cron,
       late,
       paused_at,
       now() AS asked_at
  FROM schedules
 WHERE kind = %(kind)s
   FOR UPDATE;

-- name: pause :exec
-- Pauses a schedule; no row if it is paused already.
UPDATE schedules
   SET paused_at = now()
 WHERE kind = %(kind)s
   AND paused_at IS NULL;

-- name: resume :exec
-- Lets a paused schedule fire again, from a time on.
UPDATE schedules
   SET paused_at = NULL,
       next_run_at = %(next_run_at)s
 WHERE kind = %(kind)s
   AND paused_at IS NOT NULL;

-- name: change :exec
-- Changes when a schedule fires, and what becomes of times that passed.
UPDATE schedules
   SET cron = %(cron)s,
       late = %(late)s,
       next_run_at = %(next_run_at)s
 WHERE kind = %(kind)s;

-- name: run :exec
-- Queues a schedule's work now, besides its times; nothing if it is still queued.
WITH noted AS (
  UPDATE schedules
     SET last_run_at = now()
   WHERE kind = %(kind)s
  RETURNING id, kind
)
INSERT INTO outbox (kind, subject_id, payload)
SELECT noted.kind,
       noted.id,
       jsonb_build_object('at', now())
  FROM noted
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO NOTHING;
