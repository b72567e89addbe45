-- name: set_up :exec
-- What a worker's connection is told first. Statements are prepared once, perhaps while the outbox
-- is all but empty and reading it whole is the best plan; it is the worst one a million rows later.
-- And one that waits for a lock must not stop a worker for ever.
SELECT set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_sort', 'off', false),
       set_config('statement_timeout', '30s', false);

-- name: seen :exec
-- A worker says that it is there and what it would start at once, and sends itself a notification:
-- if that does not arrive, the connection on which it listens is dead.
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
  RETURNING id, listening_for
)
SELECT pg_notify('coffer_work', id::text)
  FROM seen
 WHERE listening_for <> '{}';

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
DELETE FROM workers
 WHERE id IN (
         SELECT id
           FROM workers
          WHERE last_seen_at < now() - %(unseen)s::interval
          LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED
       );
