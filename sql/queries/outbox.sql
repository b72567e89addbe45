-- name: claim :many
-- Takes due work of one kind, longest due first, and holds it for the length of the lease. Each row
-- gets a number of its own that whoever finishes it must know. The attempt counts from here, so
-- that work which kills its worker is counted too.
WITH due AS MATERIALIZED (
  SELECT id
    FROM outbox
   WHERE kind = %(kind)s
     AND run_after <= now()
   ORDER BY run_after
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
UPDATE outbox AS work
   SET claim = nextval('outbox_claims'),
       claimed_by = %(worker)s,
       attempts = work.attempts + 1,
       run_after = now() + %(lease)s
  FROM due
 WHERE work.id = due.id
RETURNING work.id,
          work.kind,
          work.subject_id,
          work.workspace_id,
          work.payload,
          work.request_id,
          work.attempts,
          work.claim,
          work.last_error;

-- name: finish :exec
-- The work is done; 0 where the claim was lost.
DELETE FROM outbox
 WHERE id = %(id)s
   AND claim = %(claim)s;

-- name: postpone :exec
-- The attempt failed and another one may do better; 0 where the claim was lost.
UPDATE outbox
   SET run_after = now() + %(delay)s,
       claim = NULL,
       claimed_by = NULL,
       last_error = %(error)s
 WHERE id = %(id)s
   AND claim = %(claim)s;

-- name: release :exec
-- The worker stops before the work is done: the work is due again at once, and the attempt does not
-- count. 0 where the claim was lost.
UPDATE outbox
   SET run_after = now(),
       attempts = attempts - 1,
       claim = NULL,
       claimed_by = NULL
 WHERE id = %(id)s
   AND claim = %(claim)s;

-- name: bury :exec
-- Gives the work up: it moves to the dead letters with its error. 0 where the claim was lost.
WITH dead AS (
  DELETE FROM outbox
   WHERE id = %(id)s
     AND claim = %(claim)s
  RETURNING *
)
INSERT INTO dead_letters
  (id, kind, subject_id, workspace_id, payload, request_id, attempts, error, enqueued_at)
SELECT id,
       kind,
       subject_id,
       workspace_id,
       payload,
       request_id,
       least(attempts, %(most_attempts)s),
       %(error)s,
       enqueued_at
  FROM dead;
