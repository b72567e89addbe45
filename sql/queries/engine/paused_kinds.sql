-- name: pause :exec
-- No worker is to begin on this kind from now on; 0 where it was paused already.
INSERT INTO paused_kinds (kind)
VALUES (%(kind)s)
ON CONFLICT ON CONSTRAINT paused_kinds_pkey
DO NOTHING;

-- name: resume :exec
-- Workers may begin on this kind again, and those that sleep are woken; 0 where it was not paused.
WITH resumed AS (
  DELETE FROM paused_kinds
   WHERE kind = %(kind)s
  RETURNING kind
)
SELECT pg_notify('coffer_work', kind)
  FROM resumed;
