-- name: survey :many
-- The workspaces that have work of one kind, in id order starting at one of them, each with the
-- time at which its first is due. It steps from one workspace to the next through the index, and so
-- costs the same however much work each has. Rows that were cut off are left out: a claim does not
-- find them either.
WITH RECURSIVE ring AS (
  (
    SELECT workspace_id
      FROM outbox
     WHERE kind = %(kind)s
       AND workspace_id >= %(start)s
     ORDER BY workspace_id
     LIMIT 1
  )
  UNION ALL
  SELECT (
           SELECT following.workspace_id
             FROM outbox AS following
            WHERE following.kind = %(kind)s
              AND following.workspace_id > ring.workspace_id
            ORDER BY following.workspace_id
            LIMIT 1
         )
    FROM ring
   WHERE ring.workspace_id IS NOT NULL
)
SELECT ring.workspace_id,
       first.run_after,
       first.run_after <= now() AS is_due,
       extract(epoch FROM first.run_after - now())::float AS due_in
  FROM ring
 CROSS JOIN LATERAL (
         SELECT work.run_after
           FROM outbox AS work
          WHERE work.kind = %(kind)s
            AND work.workspace_id = ring.workspace_id
            AND work.cut_off = 0
          ORDER BY work.run_after
          LIMIT 1
       ) AS first
 LIMIT %(limit)s;

-- name: claim :many
-- Claims due work of one kind, an equal share from each of some workspaces, longest due first, and
-- holds it for the length of the lease. Each row gets its own number, which is required to finish
-- it. Its attempt is counted, in one go for all of them. Rows that are still held although their
-- lease has expired were cut off: they are only marked, their attempt taken back, and no longer
-- found here. These rows have no claim. A worker that does not take over leaves them alone. Each
-- workspace is read from the time before which nothing is left, skipping finished rows that a long
-- transaction elsewhere keeps from being cleaned up. The rows, which are locked by then, are found
-- again by their location: no statistics can turn that into a bad plan.
WITH due AS MATERIALIZED (
  SELECT work.place
    FROM unnest(%(workspaces)s::uuid[], %(since)s::timestamptz[]) AS turn (workspace_id, since)
   CROSS JOIN LATERAL (
           SELECT outbox.ctid AS place
             FROM outbox
            WHERE outbox.kind = %(kind)s
              AND outbox.workspace_id = turn.workspace_id
              AND outbox.run_after >= turn.since
              AND outbox.run_after <= now()
              AND outbox.cut_off = 0
              AND (outbox.claim IS NULL OR %(takes_over)s)
            ORDER BY outbox.run_after
            LIMIT %(share)s
              FOR UPDATE SKIP LOCKED
         ) AS work
   WHERE NOT EXISTS (SELECT FROM paused_kinds WHERE kind = %(kind)s)
   LIMIT %(limit)s
)
UPDATE outbox
   SET claim = CASE WHEN claim IS NULL THEN nextval('outbox_claims') END,
       claimed_by = CASE WHEN claim IS NULL THEN %(worker)s::uuid END,
       attempts = CASE WHEN claim IS NULL THEN attempts + 1 ELSE attempts - 1 END,
       cut_off = CASE WHEN claim IS NULL THEN 0 ELSE 1 END,
       run_after = CASE WHEN claim IS NULL THEN now() + %(lease)s ELSE run_after END,
       progress = NULL
 WHERE ctid = ANY (ARRAY(SELECT place FROM due))
RETURNING kind,
          subject_id,
          workspace_id,
          payload,
          request_id,
          traceparent,
          attempts,
          claim,
          cut_off,
          last_error,
          enqueued_at,
          extract(epoch FROM now() - enqueued_at)::float AS waited;

-- name: next_cut_off :maybe
-- The work of some kinds that was cut off and has been due longest, and how many times in a row.
-- Locked rows are skipped.
SELECT kind,
       subject_id,
       cut_off + (claim IS NOT NULL)::integer AS times
  FROM outbox
 WHERE cut_off > 0
   AND kind = ANY (%(kinds)s)
   AND run_after <= now()
   AND (claim IS NULL OR %(takes_over)s)
   AND kind NOT IN (SELECT paused_kinds.kind FROM paused_kinds)
 ORDER BY run_after
 LIMIT 1
   FOR UPDATE SKIP LOCKED;

-- name: claim_one :maybe
-- Claims one piece of work now, due or not, unless a worker holds it; no row if one does. If it is
-- still held although the lease has expired, it was cut off. Its attempt is counted, unless the
-- attempt of the claim that was cut off already counts for it: one of many together, of which
-- nobody knows which were begun. If it must have been cut off so many times, it must be due too.
UPDATE outbox
   SET claim = nextval('outbox_claims'),
       claimed_by = %(worker)s,
       attempts = attempts + 1 - (claim IS NOT NULL AND cut_off = 0)::integer,
       cut_off = cut_off + (claim IS NOT NULL)::integer,
       run_after = now() + %(lease)s,
       progress = NULL
 WHERE kind = %(kind)s
   AND subject_id = %(subject_id)s
   AND (claim IS NULL OR run_after <= now())
   AND (
         %(times_cut_off)s::integer IS NULL
         OR cut_off + (claim IS NOT NULL)::integer = %(times_cut_off)s AND run_after <= now()
       )
RETURNING kind,
          subject_id,
          workspace_id,
          payload,
          request_id,
          traceparent,
          attempts,
          claim,
          cut_off,
          last_error,
          enqueued_at,
          extract(epoch FROM now() - enqueued_at)::float AS waited;

-- name: get :maybe
-- One piece of queued work.
SELECT workspace_id,
       run_after,
       claim IS NOT NULL AND run_after > now() AS is_held,
       claimed_by,
       attempts,
       last_error
  FROM outbox
 WHERE kind = %(kind)s
   AND subject_id = %(subject_id)s;

-- name: finish :many
-- The work is done; returns the claims that still held. Missing ones were lost to another worker.
DELETE FROM outbox
 USING unnest(%(subject_ids)b::uuid[], %(claims)b::bigint[]) AS done (subject_id, claim)
 WHERE outbox.kind = %(kind)s
   AND outbox.subject_id = done.subject_id
   AND outbox.claim = done.claim
RETURNING outbox.claim;

-- name: extend :many
-- The work takes longer; saves its progress and returns the claims that still hold.
UPDATE outbox
   SET run_after = now() + %(lease)s,
       progress = held.progress
  FROM unnest(%(subject_ids)b::uuid[], %(claims)b::bigint[], %(progress)s::jsonb[])
       AS held (subject_id, claim, progress)
 WHERE outbox.kind = %(kind)s
   AND outbox.subject_id = held.subject_id
   AND outbox.claim = held.claim
RETURNING outbox.claim;

-- name: renew :exec
-- Restarts the lease of work that is still held, although it may have expired while the database
-- was down; returns how many. Locked rows are left alone.
WITH held AS MATERIALIZED (
  SELECT outbox.ctid AS place
    FROM unnest(%(subject_ids)b::uuid[], %(claims)b::bigint[]) AS mine (subject_id, claim)
    JOIN outbox
      ON outbox.kind = %(kind)s
     AND outbox.subject_id = mine.subject_id
     AND outbox.claim = mine.claim
     FOR UPDATE OF outbox SKIP LOCKED
)
UPDATE outbox
   SET run_after = now() + %(lease)s
 WHERE ctid = ANY (ARRAY(SELECT place FROM held));

-- name: vouch :exec
-- The worker that lost some claims is alive, so the work did not kill it: the rows are no longer
-- marked as cut off, unless a worker has them by now, or they are locked. If the work had begun,
-- its attempt counts after all.
WITH marked AS MATERIALIZED (
  SELECT outbox.ctid AS place,
         lost.had_begun
    FROM unnest(%(subject_ids)b::uuid[], %(had_begun)b::boolean[]) AS lost (subject_id, had_begun)
    JOIN outbox
      ON outbox.kind = %(kind)s
     AND outbox.subject_id = lost.subject_id
     AND outbox.cut_off > 0
     AND outbox.claim IS NULL
     FOR UPDATE OF outbox SKIP LOCKED
)
UPDATE outbox
   SET cut_off = 0,
       attempts = attempts + marked.had_begun::integer
  FROM marked
 WHERE outbox.ctid = marked.place;

-- name: postpone :exec
-- The attempt failed and will be retried; 0 if the claim was lost.
UPDATE outbox
   SET run_after = now() + %(delay)s,
       claim = NULL,
       claimed_by = NULL,
       cut_off = 0,
       progress = NULL,
       last_error = %(error)s
 WHERE kind = %(kind)s
   AND subject_id = %(subject_id)s
   AND claim = %(claim)s;

-- name: release :many
-- The worker gives back work that it did not do: it is due again after a delay, if any, for which
-- there may be a reason, and the attempt does not count. Returns the claims that still held.
UPDATE outbox
   SET run_after = now() + %(delay)s,
       attempts = attempts - 1,
       claim = NULL,
       claimed_by = NULL,
       progress = NULL,
       last_error = coalesce(%(reason)s, last_error)
  FROM unnest(%(subject_ids)b::uuid[], %(claims)b::bigint[]) AS given (subject_id, claim)
 WHERE outbox.kind = %(kind)s
   AND outbox.subject_id = given.subject_id
   AND outbox.claim = given.claim
RETURNING outbox.claim;

-- name: bury :exec
-- Gives the work up: it moves to the dead letters with its error, replacing the letter of an
-- earlier death. 0 if the claim was lost.
WITH dead AS (
  DELETE FROM outbox
   WHERE kind = %(kind)s
     AND subject_id = %(subject_id)s
     AND claim = %(claim)s
  RETURNING *
)
INSERT INTO dead_letters AS letter
  (kind, subject_id, workspace_id, payload, request_id, traceparent, attempts, error, enqueued_at)
SELECT kind,
       subject_id,
       workspace_id,
       payload,
       request_id,
       traceparent,
       least(attempts, %(most_attempts)s),
       %(error)s,
       enqueued_at
  FROM dead
ON CONFLICT ON CONSTRAINT dead_letters_work_dies_once
DO UPDATE
      SET payload = EXCLUDED.payload,
          request_id = EXCLUDED.request_id,
          traceparent = EXCLUDED.traceparent,
          attempts = EXCLUDED.attempts,
          error = EXCLUDED.error,
          enqueued_at = EXCLUDED.enqueued_at,
          died_at = now();

-- name: enqueue :exec
-- Queues work that follows from other work, in the same transaction; 0 if it is already queued and
-- not begun. Work that a worker has begun is restarted and taken from it: its input may have
-- changed since.
INSERT INTO outbox AS queued
  (kind, subject_id, workspace_id, payload, request_id, traceparent, run_after)
VALUES (
  %(kind)s,
  %(subject_id)s,
  %(workspace_id)s,
  %(payload)s,
  %(request_id)s,
  %(traceparent)s,
  clock_timestamp() + %(delay)s
)
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO UPDATE
      SET payload = EXCLUDED.payload,
          progress = NULL,
          request_id = EXCLUDED.request_id,
          traceparent = EXCLUDED.traceparent,
          run_after = EXCLUDED.run_after,
          attempts = 0,
          claim = NULL,
          claimed_by = NULL,
          cut_off = 0,
          last_error = NULL,
          enqueued_at = EXCLUDED.enqueued_at
    WHERE queued.claim IS NOT NULL;

-- name: set_back :exec
-- The server's clock has gone back by so much, and what was to be due becomes due that much sooner;
-- returns how many rows. Held rows keep their remaining lease, or the given time, whichever is
-- longer: some may have been claimed since. Rows that others have locked have new times anyway.
WITH later AS MATERIALIZED (
  SELECT work.place
    FROM queued_kinds
   CROSS JOIN LATERAL (
           SELECT outbox.ctid AS place
             FROM outbox
            WHERE outbox.kind = queued_kinds.kind
              AND outbox.run_after > now()
              FOR UPDATE SKIP LOCKED
         ) AS work
)
UPDATE outbox
   SET run_after = CASE
         WHEN claim IS NULL THEN run_after - %(by)s::interval
         ELSE least(run_after, greatest(run_after - %(by)s::interval, now() + %(held)s))
       END,
       enqueued_at = CASE
         WHEN enqueued_at > now() THEN least(enqueued_at - %(by)s::interval, now())
         ELSE enqueued_at
       END
 WHERE ctid = ANY (ARRAY(SELECT place FROM later));

-- name: status :many
-- The status of each kind of work: of the requested ones, and of any other that is queued, dead or
-- paused. Finished work is counted over the last minutes by the clock, including the current one.
-- All kinds are counted in one go: separately, the table would be read as often as there are kinds,
-- if statistics let the planner read it whole.
WITH every AS MATERIALIZED (
  SELECT unnest(%(kinds)s::text[]) AS kind
  UNION
  SELECT kind
    FROM queued_kinds
  UNION
  SELECT kind
    FROM dead_kinds
  UNION
  SELECT kind
    FROM paused_kinds
), span AS (
  SELECT date_trunc('minute', now()) - (%(minutes)s::integer - 1) * interval '1 minute' AS since
), done AS (
  SELECT counted.kind,
         sum(counted.finished)::bigint AS finished,
         sum(counted.failed)::bigint AS failed
    FROM work_counts AS counted
   WHERE counted.minute >= (SELECT since FROM span)
   GROUP BY counted.kind
), due AS (
  SELECT outbox.kind,
         count(*) AS ready,
         extract(epoch FROM now() - min(outbox.run_after))::float AS oldest_ready_seconds
    FROM outbox
   WHERE outbox.kind = ANY (ARRAY(SELECT kind FROM every))
     AND outbox.run_after <= now()
   GROUP BY outbox.kind
), later AS (
  SELECT outbox.kind,
         count(*) - count(outbox.claim) AS waiting,
         count(outbox.claim) AS in_flight
    FROM outbox
   WHERE outbox.kind = ANY (ARRAY(SELECT kind FROM every))
     AND outbox.run_after > now()
   GROUP BY outbox.kind
), letters AS (
  SELECT dead_letters.kind,
         count(*) AS dead_letters
    FROM dead_letters
   WHERE dead_letters.kind = ANY (ARRAY(SELECT kind FROM every))
   GROUP BY dead_letters.kind
)
SELECT every.kind,
       coalesce(due.ready, 0) AS ready,
       due.oldest_ready_seconds,
       coalesce(later.waiting, 0) AS waiting,
       coalesce(later.in_flight, 0) AS in_flight,
       coalesce(letters.dead_letters, 0) AS dead_letters,
       coalesce(done.finished, 0) AS finished,
       coalesce(done.failed, 0) AS failed,
       span.since AS counted_since,
       extract(epoch FROM now() - span.since)::float AS counted_seconds,
       extract(epoch FROM now() - paused.paused_at)::float AS paused_seconds
  FROM every
 CROSS JOIN span
  LEFT JOIN due
    ON due.kind = every.kind
  LEFT JOIN later
    ON later.kind = every.kind
  LEFT JOIN letters
    ON letters.kind = every.kind
  LEFT JOIN done
    ON done.kind = every.kind
  LEFT JOIN paused_kinds AS paused
    ON paused.kind = every.kind
 ORDER BY every.kind;

-- name: list :many
-- The work of some kinds, or of all, in one of some statuses: longest due first, with its holder
-- and what keeps it from being started.
WITH found AS MATERIALIZED (
  SELECT work.kind,
         work.subject_id,
         work.workspace_id,
         status.name AS status,
         work.enqueued_at,
         work.run_after,
         work.attempts,
         work.cut_off + (work.claim IS NOT NULL AND status.name = 'ready')::integer AS cut_off,
         CASE WHEN status.name = 'in_flight' THEN work.claimed_by END AS worker_id,
         work.last_error,
         work.request_id
    FROM outbox AS work
   CROSS JOIN LATERAL (
           SELECT CASE
                    WHEN work.run_after <= now() THEN 'ready'
                    WHEN work.claim IS NULL THEN 'waiting'
                    ELSE 'in_flight'
                  END AS name
         ) AS status
   WHERE work.kind = ANY (coalesce(%(kinds)s::text[], ARRAY(SELECT kind FROM queued_kinds)))
     AND status.name = ANY (%(statuses)s::text[])
   ORDER BY work.run_after,
            work.kind,
            work.subject_id
   LIMIT %(limit)s
)
SELECT found.kind,
       found.subject_id,
       nullif(found.workspace_id, '00000000-0000-0000-0000-000000000000') AS workspace_id,
       found.status,
       found.enqueued_at,
       extract(epoch FROM now() - found.enqueued_at)::float AS age_seconds,
       found.run_after,
       extract(epoch FROM found.run_after - now())::float AS due_in_seconds,
       found.attempts,
       found.cut_off,
       found.worker_id,
       holder.host,
       holder.pid,
       holder.last_seen_at <= now() - %(silence)s::interval AS is_silent,
       found.last_error,
       found.request_id,
       found.kind IN (SELECT paused_kinds.kind FROM paused_kinds) AS is_paused,
       EXISTS (
         SELECT FROM workers AS worker
          WHERE found.kind = ANY (worker.kinds)
            AND worker.last_seen_at > now() - %(silence)s
       ) AS has_workers
  FROM found
  LEFT JOIN workers AS holder
    ON holder.id = found.worker_id
 ORDER BY found.run_after,
          found.kind,
          found.subject_id;

-- name: hurry :exec
-- Sets a timeout for the open transaction's next statements.
SELECT set_config('statement_timeout', %(within)s, true);
