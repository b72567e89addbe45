-- name: create :value
-- Follows a feed; its first check is queued. No row if the workspace has as many feeds as it may.
INSERT INTO feeds (workspace_id, created_by, url, name, folder_id, tags, interval_minutes, next_check_at)
SELECT %(workspace_id)s,
       %(created_by)s,
       %(url)s,
       %(name)s,
       %(folder_id)s,
       %(tags)s,
       %(interval_minutes)s,
       now()
 WHERE (
         SELECT count(*)
           FROM feeds
          WHERE workspace_id = %(workspace_id)s
       ) < %(most)s
RETURNING id;

-- name: get :one
-- A feed of a workspace.
SELECT *
  FROM feed_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: list_of_workspace :many
-- The feeds of a workspace, newest first.
SELECT *
  FROM feed_answers(%(workspace_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(status)s::text IS NULL OR status = %(status)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: change :value
-- Changes a feed, and stops or resumes it; the id, or no row if the workspace has no such feed. A shorter
-- interval counts from now.
UPDATE feeds
   SET name = changed.name,
       folder_id = changed.folder_id,
       tags = changed.tags,
       interval_minutes = changed.interval_minutes,
       status = CASE
         WHEN %(action)s::text IS NULL THEN standing.status
         ELSE next_status('feed', standing.status, %(action)s)
       END,
       failures = CASE WHEN %(action)s::text IS NULL THEN standing.failures ELSE 0 END,
       last_error = CASE WHEN %(action)s::text IS NULL THEN standing.last_error END,
       next_check_at = CASE
         WHEN %(action)s = 'stop' THEN NULL
         WHEN %(action)s = 'resume' THEN now()
         WHEN standing.next_check_at > now() + changed.interval_minutes * interval '1 minute'
          AND changed.interval_minutes < standing.interval_minutes
           THEN now() + changed.interval_minutes * interval '1 minute'
         ELSE standing.next_check_at
       END,
       updated_at = now()
  FROM feeds AS standing
 CROSS JOIN LATERAL jsonb_populate_record(standing, %(fields)s::jsonb) AS changed
 WHERE standing.id = %(id)s
   AND feeds.id = standing.id
   AND feeds.workspace_id = %(workspace_id)s
RETURNING feeds.id;

-- name: check_now :value
-- Queues a check of a feed at once; the id, or no row if the workspace has no such feed, or it is stopped.
WITH feed AS (
  UPDATE feeds
     SET next_check_at = now()
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
     AND status <> 'stopped'
  RETURNING id, workspace_id
),
buried AS (
  DELETE FROM dead_letters
   WHERE kind = 'check_feeds'
     AND subject_id = (SELECT id FROM feed)
),
queued AS (
  INSERT INTO outbox AS work (kind, subject_id, workspace_id, request_id, traceparent)
  SELECT 'check_feeds',
         id,
         workspace_id,
         nullif(current_setting('coffer.request_id'), ''),
         nullif(current_setting('coffer.traceparent'), '')
    FROM feed
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO UPDATE
        SET run_after = EXCLUDED.run_after
      WHERE work.claim IS NULL
)
SELECT id
  FROM feed;

-- name: remove :value
-- Follows a feed no longer; the id, or no row if the workspace has no such feed. Its items stay.
WITH removed AS (
  DELETE FROM feeds
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
  RETURNING id, workspace_id, status
)
INSERT INTO events (workspace_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       'feed',
       id,
       'feed.removed',
       status,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM removed
RETURNING entity_id;

-- name: queue_due :exec
-- Queues the checks of feeds that are due, the longest due first; returns how many feeds that were. The next
-- one is due an interval later, whatever becomes of this one.
WITH due AS (
  SELECT id
    FROM feeds
   WHERE next_check_at <= now()
   ORDER BY next_check_at
   LIMIT %(limit)s
     FOR NO KEY UPDATE SKIP LOCKED
),
moved AS (
  UPDATE feeds
     SET next_check_at = now() + feeds.interval_minutes * interval '1 minute'
    FROM due
   WHERE feeds.id = due.id
  RETURNING feeds.id, feeds.workspace_id
),
buried AS (
  DELETE FROM dead_letters
   WHERE kind = 'check_feeds'
     AND subject_id IN (SELECT id FROM moved)
),
queued AS (
  INSERT INTO outbox (kind, subject_id, workspace_id)
  SELECT 'check_feeds', id, workspace_id
    FROM moved
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO NOTHING
)
SELECT id
  FROM moved;

-- name: load :many
-- Feeds to check; no row for those that are stopped or gone, or whose workspace is being deleted.
SELECT feed.id,
       feed.workspace_id,
       feed.url,
       feed.folder_id,
       feed.tags,
       feed.etag,
       feed.last_modified,
       feed.read_at
  FROM feeds AS feed
  JOIN workspaces AS workspace
    ON workspace.id = feed.workspace_id
   AND workspace.deletion_id IS NULL
 WHERE feed.id = ANY (%(ids)s::uuid[])
   AND feed.status <> 'stopped';

-- name: lock :maybe
-- Locks a feed until the transaction ends, unless it is stopped or gone.
SELECT id,
       workspace_id,
       created_by,
       folder_id,
       tags,
       read_at
  FROM feeds
 WHERE id = %(id)s
   AND status <> 'stopped'
   FOR NO KEY UPDATE;

-- name: hold_pages :exec
-- Keeps others from capturing pages until the transaction ends, in the order of their hashes, as imports do.
SELECT pg_advisory_xact_lock(page.key)
  FROM (
         SELECT DISTINCT
                hashtextextended(%(workspace_id)s::text || encode(page_hash, 'hex'), 0) AS key
           FROM unnest(%(pages)s::bytea[]) AS given (page_hash)
          ORDER BY key
       ) AS page;

-- name: see :many
-- Notes the entries that a feed has, and which it has no longer; returns those that were not seen before, by
-- themselves or with the same page.
WITH found AS (
  SELECT *
    FROM unnest(%(entries)s::bytea[], %(pages)s::bytea[]) AS found (entry, page)
),
fresh AS (
  SELECT found.entry, found.page
    FROM found
   WHERE NOT EXISTS (
           SELECT
             FROM feed_entries AS known
            WHERE known.feed_id = %(id)s
              AND known.entry = found.entry
         )
     AND NOT EXISTS (
           SELECT
             FROM feed_entries AS known
            WHERE known.feed_id = %(id)s
              AND known.page = found.page
         )
),
gone AS (
  UPDATE feed_entries AS known
     SET gone_at = now()
   WHERE known.feed_id = %(id)s
     AND known.gone_at IS NULL
     AND NOT EXISTS (SELECT FROM found WHERE found.entry = known.entry)
),
noted AS (
  INSERT INTO feed_entries AS known (feed_id, entry, page)
  SELECT %(id)s, entry, page
    FROM found
  ON CONFLICT ON CONSTRAINT feed_entries_pkey
  DO UPDATE
        SET gone_at = NULL
      WHERE known.gone_at IS NOT NULL
)
SELECT entry
  FROM fresh;

-- name: forget_entries :exec
-- Forgets the entries that have long been gone from a feed, all but the last ones.
DELETE FROM feed_entries
 WHERE feed_id = %(id)s
   AND entry IN (
         SELECT entry
           FROM feed_entries
          WHERE feed_id = %(id)s
            AND gone_at IS NOT NULL
          ORDER BY gone_at DESC, entry
         OFFSET %(kept)s
       );

-- name: add_items :many
-- Makes items of entries, in their order, unless the workspace has their pages already; the ids of the new
-- ones. Entering `enriching` enqueues their enrichment.
INSERT INTO items (workspace_id, created_by, source_type, source_url, page_hash, raw_text, title, status)
SELECT %(workspace_id)s,
       %(created_by)s,
       CASE WHEN entry.url IS NULL THEN 'note' ELSE 'article' END,
       entry.url,
       entry.page,
       entry.raw_text,
       entry.title,
       'enriching'
  FROM unnest(
         %(urls)s::text[],
         %(pages)s::bytea[],
         %(raw_texts)s::text[],
         %(titles)s::text[]
       ) WITH ORDINALITY AS entry (url, page, raw_text, title, place)
 WHERE (
         SELECT known.id
           FROM items_of_pages(%(workspace_id)s, ARRAY[entry.page]) AS known (id)
          LIMIT 1
       ) IS NULL
 ORDER BY entry.place
RETURNING id;

-- name: is_followed :value
-- Whether another feed of a workspace has an address.
SELECT EXISTS (
         SELECT
           FROM feeds
          WHERE workspace_id = %(workspace_id)s
            AND url = %(url)s
            AND id <> %(id)s
       );

-- name: note_read :exec
-- Notes that a feed was read.
UPDATE feeds
   SET title = %(title)s,
       site_url = %(site_url)s,
       etag = %(etag)s,
       last_modified = %(last_modified)s,
       read_at = now()
 WHERE id = %(id)s;

-- name: note_check :exec
-- Notes that a feed was checked without a failure, at which address it is, and when it is checked next.
UPDATE feeds
   SET status = 'active',
       url = %(url)s,
       failures = 0,
       last_error = NULL,
       checked_at = now(),
       next_check_at = now() + interval_minutes * interval '1 minute',
       updated_at = now()
 WHERE id = %(id)s;

-- name: note_failure :exec
-- Notes that a check failed, and why. Each further failure doubles the interval, up to a day, or what the
-- server asks for.
UPDATE feeds
   SET status = 'failing',
       failures = failures + 1,
       last_error = %(error)s,
       checked_at = now(),
       next_check_at = now() + greatest(
         interval_minutes * interval '1 minute',
         least(interval_minutes * 2 ^ least(failures, 20) * interval '1 minute', interval '1 day'),
         %(retry_after)s::float * interval '1 second'
       ),
       updated_at = now()
 WHERE id = %(id)s;

-- name: stop :exec
-- Stops following a feed that is gone for good.
UPDATE feeds
   SET status = 'stopped',
       last_error = %(error)s,
       checked_at = now(),
       next_check_at = NULL,
       updated_at = now()
 WHERE id = %(id)s;
