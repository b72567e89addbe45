-- name: pause :exec
-- Pauses a kind: no worker starts it from now on; 0 if it was already paused.
INSERT INTO paused_kinds (kind)
VALUES (%(kind)s)
ON CONFLICT ON CONSTRAINT paused_kinds_pkey
DO NOTHING;

-- name: resume :exec
-- Resumes a kind, and wakes sleeping workers; 0 if it was not paused.
WITH resumed AS (
  DELETE FROM paused_kinds
   WHERE kind = %(kind)s
  RETURNING kind
)
SELECT pg_notify('coffer_work', kind)
  FROM resumed;
