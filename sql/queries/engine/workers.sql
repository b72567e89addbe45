-- name: set_up :exec
-- What a worker's connection is told first. Statements are prepared once, perhaps while the outbox
-- is all but empty and reading it whole is the best plan; it is the worst one a million rows later.
-- And one that waits for a lock must not stop a worker for ever.
SELECT set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_sort', 'off', false),
       set_config('statement_timeout', '30s', false),
       set_config('lock_timeout', '500ms', false);

-- name: act :exec
-- The open transaction goes on in a worker's name, for the request that caused the work, and waits no
-- longer than so for what another one holds.
SELECT set_config('coffer.actor', %(actor)s, true),
       set_config('coffer.request_id', %(request_id)s, true),
       set_config('coffer.traceparent', %(traceparent)s, true),
       set_config('lock_timeout', %(patience)s, true);

-- name: seen :value
-- A worker says that it is there and what it would start at once, and where it listens sends itself
-- a notification: if that does not arrive, the connection on which it listens is dead. How many
-- other workers there are.
WITH seen AS (
  INSERT INTO workers AS worker (id, host, pid, kinds, listening_for, started_at)
  VALUES (
    %(id)s,
    %(host)s,
    %(pid)s,
    %(kinds)s::text[],
    %(listening_for)s::text[],
    now() - %(age)s::interval
  )
  ON CONFLICT ON CONSTRAINT workers_pkey
  DO UPDATE
        SET listening_for = EXCLUDED.listening_for,
            last_seen_at = now()
  RETURNING id
)
SELECT (
         SELECT count(*)
           FROM workers AS other
          WHERE other.id <> seen.id
            AND other.last_seen_at > now() - interval '1 minute'
       ) AS others,
       CASE WHEN %(echo)s THEN pg_notify('coffer_work', id::text)::text END
  FROM seen;

-- name: listen_for :exec
-- A worker falls asleep for some kinds, or is awake by itself.
UPDATE workers
   SET listening_for = %(listening_for)s::text[]
 WHERE id = %(id)s;

-- name: leave :exec
-- A worker ends.
DELETE FROM workers
 WHERE id = %(id)s;

-- name: prune :exec
-- Forgets a batch of workers that were not seen for long: they died without a word.
WITH past AS MATERIALIZED (
  SELECT id
    FROM workers
   WHERE last_seen_at < now() - %(unseen)s::interval
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM workers
 USING past
 WHERE workers.id = past.id;

-- name: list :many
-- The workers that said they are there, longest running first, each with how long ago it was seen
-- and how many rows it holds.
WITH held AS (
  SELECT outbox.claimed_by,
         count(*) AS number
    FROM outbox
   WHERE outbox.kind = ANY (ARRAY(SELECT unnest(kinds) FROM workers))
     AND outbox.run_after > now()
     AND outbox.claim IS NOT NULL
   GROUP BY outbox.claimed_by
)
SELECT worker.id,
       worker.host,
       worker.pid,
       worker.kinds,
       worker.started_at,
       extract(epoch FROM now() - worker.started_at)::float AS up_seconds,
       worker.last_seen_at,
       extract(epoch FROM now() - worker.last_seen_at)::float AS seen_seconds_ago,
       coalesce(held.number, 0) AS holds
  FROM workers AS worker
  LEFT JOIN held
    ON held.claimed_by = worker.id
 ORDER BY worker.started_at, worker.id;

-- name: find :maybe
-- Where a worker runs, if it still does.
SELECT host,
       pid
  FROM workers
 WHERE id = %(id)s;
