-- name: list_timeline :many
-- The events of one thing, oldest first. An item's have what they replaced.
SELECT event.id,
       event.event,
       event.from_status,
       event.to_status,
       event.actor,
       event.request_id,
       CASE
         WHEN replaced.event_id IS NULL THEN event.payload
         ELSE event.payload || jsonb_build_object(
                'replaced',
                jsonb_strip_nulls(
                  jsonb_build_object(
                    'raw_text', replaced.raw_text,
                    'source_url', replaced.source_url,
                    'title', replaced.title,
                    'summary', replaced.summary,
                    'content', replaced.content
                  )
                )
              )
       END AS payload,
       event.occurred_at
  FROM events AS event
  LEFT JOIN item_texts AS replaced
    ON replaced.event_id = event.id
   AND replaced.workspace_id = event.workspace_id
 WHERE event.entity_id = %(entity_id)s
   AND event.entity = %(entity)s
   AND event.workspace_id = %(workspace_id)s
   AND (%(after)s::bigint IS NULL OR event.id > %(after)s::bigint)
 ORDER BY event.id
 LIMIT %(limit)s;

-- name: record :exec
-- An event without a change of status, in the name of the open transaction. Of what is one user's
-- alone, it is told to whoever was told of the thing's creation.
INSERT INTO events (workspace_id, user_id, entity, entity_id, event, actor, request_id, payload)
VALUES (
  %(workspace_id)s,
  CASE WHEN EXISTS (SELECT FROM transitions WHERE entity = %(entity)s AND audience <> 'workspace') THEN coalesce(
    (
      SELECT user_id
        FROM events
       WHERE entity_id = %(entity_id)s
       ORDER BY id
       LIMIT 1
    ),
    '00000000-0000-0000-0000-000000000000'
  ) END,
  %(entity)s,
  %(entity_id)s,
  %(event)s,
  current_setting('coffer.actor'),
  nullif(current_setting('coffer.request_id'), ''),
  %(payload)s
);

-- name: prune :value
-- Removes a batch of the oldest events before a time; returns how many. The last thirty days are
-- kept.
SELECT prune_events(now() - %(kept)s::interval, %(limit)s::integer);
