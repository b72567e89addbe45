-- name: set_up :exec
-- The settings of a worker's connection. Statements are prepared once, perhaps while the outbox is
-- almost empty and a sequential scan is the best plan; it is the worst one a million rows later.
-- And a statement that waits for a lock must not stop a worker forever.
SELECT set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_sort', 'off', false),
       set_config('statement_timeout', '30s', false),
       set_config('lock_timeout', '500ms', false);

-- name: act :exec
-- The open transaction continues in a worker's name, for the request that caused the work, with a
-- limit on how long it waits for locks.
SELECT set_config('coffer.actor', %(actor)s, true),
       set_config('coffer.request_id', %(request_id)s, true),
       set_config('coffer.traceparent', %(traceparent)s, true),
       set_config('lock_timeout', %(patience)s, true);

-- name: seen :value
-- A worker reports that it is running and what it would start at once, and notifies itself if it
-- listens: if that does not arrive, the listening connection is dead. Returns how many other
-- workers there are.
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
-- A worker falls asleep for some kinds, or wakes up by itself.
UPDATE workers
   SET listening_for = %(listening_for)s::text[]
 WHERE id = %(id)s;

-- name: leave :exec
-- A worker ends.
DELETE FROM workers
 WHERE id = %(id)s;

-- name: prune :exec
-- Removes a batch of workers that have not been seen for long: they died.
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
-- The registered workers, longest running first, each with how long ago it was seen and how many
-- rows it holds.
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
-- Where a worker runs, if it is still registered.
SELECT host,
       pid
  FROM workers
 WHERE id = %(id)s;

-- name: put_back_with_work :many
-- The transitions by which work on some entities is put back that would queue it anew.
SELECT event,
       work
  FROM transitions
 WHERE entity = ANY (%(entities)s::text[])
   AND event = entity || '.put_back'
   AND work IS NOT NULL
 ORDER BY event;
