-- name: read :many
-- A batch of a workspace's feeds, in id order, with the entries that were seen in them.
SELECT feed.id::text AS at,
       (
         to_jsonb(feed) - ARRAY['workspace_id', 'created_by']
         || jsonb_build_object(
              'entries', (
                SELECT coalesce(
                         jsonb_agg(to_jsonb(seen) - ARRAY['feed_id'] ORDER BY seen.entry),
                         '[]'
                       )
                  FROM feed_entries AS seen
                 WHERE seen.feed_id = feed.id
              )
            )
       )::text AS line
  FROM feeds AS feed
 WHERE feed.workspace_id = %(workspace_id)s
   AND feed.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY feed.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a feed has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM feeds
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: same :many
-- The feeds that are there already by the addresses of some lines.
SELECT (line ->> 'id')::uuid AS id,
       feed.id AS known_id
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
  JOIN feeds AS feed
    ON feed.workspace_id = %(workspace_id)s
   AND feed.url = line ->> 'url';

-- name: add :exec
-- Adds feeds with the entries that were seen in them, in one statement: the first check must know them. One
-- that is stopped is not checked, and any other one is.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
),
seen AS (
  INSERT INTO feed_entries
  SELECT entry.*
    FROM given
   CROSS JOIN LATERAL jsonb_array_elements(given.line -> 'entries') AS inner_line
   CROSS JOIN LATERAL jsonb_populate_record(
           NULL::feed_entries,
           inner_line || jsonb_build_object('feed_id', given.id)
         ) AS entry
)
INSERT INTO feeds
SELECT feed.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::feeds,
         given.line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid,
           'next_check_at',
           CASE
             WHEN given.line ->> 'status' <> 'stopped'
               THEN coalesce((given.line ->> 'next_check_at')::timestamptz, now())
           END
         )
       ) AS feed;

-- name: count :value
-- How many feeds a workspace has.
SELECT count(*)
  FROM feeds
 WHERE workspace_id = %(workspace_id)s;
