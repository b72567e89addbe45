-- name: add :exec
-- Adds what a worker has finished since its last report to the counts of this minute.
INSERT INTO work_counts AS counted (kind, minute, finished, failed)
SELECT new.kind,
       date_trunc('minute', now()),
       new.finished,
       new.failed
  FROM unnest(%(kinds)s::text[], %(finished)s::bigint[], %(failed)s::bigint[])
       AS new (kind, finished, failed)
 ORDER BY new.kind
ON CONFLICT ON CONSTRAINT work_counts_pkey
DO UPDATE
      SET finished = counted.finished + EXCLUDED.finished,
          failed = counted.failed + EXCLUDED.failed;

-- name: prune :exec
-- Removes a batch of old counts, oldest first.
WITH past AS MATERIALIZED (
  SELECT kind, minute
    FROM work_counts
   WHERE minute < now() - %(kept)s::interval
   ORDER BY minute
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM work_counts
 USING past
 WHERE work_counts.kind = past.kind
   AND work_counts.minute = past.minute;
