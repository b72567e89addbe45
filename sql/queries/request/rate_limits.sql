-- name: charge :many
-- Charges allowances, each `worth` of time from a window of time; returns those that were enough,
-- with how much is used now.
INSERT INTO rate_limits AS kept (key, used_until)
SELECT wanted.key,
       now() + wanted.worth
  FROM unnest(%(keys)s::text[], %(worths)s::interval[], %(windows)s::interval[])
       AS wanted (key, worth, span)
 ORDER BY wanted.key
ON CONFLICT ON CONSTRAINT rate_limits_pkey
DO UPDATE
      SET used_until = greatest(kept.used_until, now()) + (EXCLUDED.used_until - now())
    WHERE greatest(kept.used_until, now()) + (EXCLUDED.used_until - now())
            <= now() + (%(windows)s::interval[])[array_position(%(keys)s::text[], kept.key)]
RETURNING key, extract(epoch FROM used_until - now())::float AS used;

-- name: used :many
-- How much of some allowances is used, in seconds of their windows; no row for unused ones.
SELECT key,
       extract(epoch FROM used_until - now())::float AS used
  FROM rate_limits
 WHERE key = ANY (%(keys)s::text[])
   AND used_until > now();

-- name: refund :exec
-- Refunds charges for attempts that were right. In the order in which they are charged, so that
-- nobody deadlocks.
WITH held AS (
  SELECT kept.key
    FROM rate_limits AS kept
   WHERE kept.key = ANY (%(keys)s::text[])
   ORDER BY kept.key
     FOR UPDATE
)
UPDATE rate_limits
   SET used_until = used_until - given.worth
  FROM unnest(%(keys)s::text[], %(worths)s::interval[]) AS given (key, worth)
  JOIN held
    ON held.key = given.key
 WHERE rate_limits.key = given.key;

-- name: expire :exec
-- Removes allowances that are not in use.
WITH past AS MATERIALIZED (
  SELECT key
    FROM rate_limits
   WHERE used_until < now()
   ORDER BY used_until
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM rate_limits
 USING past
 WHERE rate_limits.key = past.key;

-- name: take_turn :value
-- Takes the next turn of what is done evenly, one every `worth`; returns the seconds until then.
INSERT INTO rate_limits AS kept (key, used_until)
VALUES (%(key)s, now() + %(worth)s)
ON CONFLICT ON CONSTRAINT rate_limits_pkey
DO UPDATE
      SET used_until = greatest(kept.used_until, now()) + %(worth)s
RETURNING greatest(0, extract(epoch FROM used_until - %(worth)s - clock_timestamp()))::float;

-- name: hold :exec
-- Lets nobody use some allowances for a while.
INSERT INTO rate_limits AS kept (key, used_until)
SELECT held.key,
       now() + %(wait)s
  FROM unnest(%(keys)s::text[]) AS held (key)
 ORDER BY held.key
ON CONFLICT ON CONSTRAINT rate_limits_pkey
DO UPDATE
      SET used_until = greatest(kept.used_until, EXCLUDED.used_until);
