-- name: kinds :many
-- The kinds that have dead letters.
SELECT kind
  FROM dead_kinds;

-- name: list :many
-- The last letters of some kinds, newest first, each with how long ago its work was given up.
SELECT letter.id,
       asked.kind,
       letter.subject_id,
       letter.workspace_id,
       letter.attempts,
       letter.error,
       letter.died_at,
       extract(epoch FROM now() - letter.died_at)::float AS died_seconds_ago
  FROM unnest(%(kinds)s::text[]) AS asked (kind)
 CROSS JOIN LATERAL (
         SELECT *
           FROM dead_letters
          WHERE dead_letters.kind = asked.kind
          ORDER BY dead_letters.id DESC
          LIMIT %(limit)s
       ) AS letter
 ORDER BY letter.id DESC
 LIMIT %(limit)s;

-- name: count :value
-- How many letters some kinds have.
SELECT count(*)
  FROM dead_letters
 WHERE kind = ANY (%(kinds)s::text[]);

-- name: get :maybe
-- One complete letter.
SELECT id,
       kind,
       subject_id,
       workspace_id,
       payload,
       request_id,
       traceparent,
       attempts,
       error,
       enqueued_at,
       died_at
  FROM dead_letters
 WHERE id = %(id)s;

-- name: find :maybe
-- The letter of one piece of work.
SELECT id
  FROM dead_letters
 WHERE kind = %(kind)s
   AND subject_id = %(subject_id)s;

-- name: ids :value
-- The ids of all letters of a kind, oldest first, as an array: there may be a million.
SELECT coalesce(array_agg(id ORDER BY id), '{}')
  FROM dead_letters
 WHERE kind = %(kind)s;

-- name: hold :many
-- Locks those of some letters that no other operator is working on, until the transaction ends. The
-- rows themselves are not locked: a transaction that moves the row that a letter is about holds
-- that row's lock when it deletes the letter, and an operator takes the two in the opposite order.
SELECT asked.id
  FROM unnest(%(ids)s::bigint[]) AS asked (id)
 WHERE pg_try_advisory_xact_lock(hashtextextended('dead_letters', asked.id));

-- name: read :many
-- The subjects of some letters; deleted letters are missing.
SELECT id,
       kind,
       subject_id,
       request_id,
       traceparent
  FROM dead_letters
 WHERE id = ANY (%(ids)s::bigint[])
 ORDER BY id;

-- name: requeue :exec
-- Moves letters back into the outbox as new work, for the original request; returns how many. Work
-- that is already queued again stays as it is. The outbox comes first, then the letters, as
-- everywhere.
WITH queued AS (
  INSERT INTO outbox (kind, subject_id, workspace_id, payload, request_id, traceparent)
  SELECT kind,
         subject_id,
         workspace_id,
         payload,
         request_id,
         traceparent
    FROM dead_letters
   WHERE id = ANY (%(ids)s::bigint[])
   ORDER BY kind, subject_id
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO NOTHING
  RETURNING kind
)
DELETE FROM dead_letters
 USING (
         SELECT count(*)
           FROM queued
       ) AS first
 WHERE dead_letters.id = ANY (%(ids)s::bigint[]);

-- name: discard :exec
-- Removes letters; returns how many.
DELETE FROM dead_letters
 WHERE id = ANY (%(ids)s::bigint[]);
