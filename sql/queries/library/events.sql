-- name: list_timeline :many
-- The events of one thing, oldest first.
SELECT id,
       event,
       from_status,
       to_status,
       actor,
       request_id,
       payload,
       occurred_at
  FROM events
 WHERE entity_id = %(entity_id)s
   AND entity = %(entity)s
   AND workspace_id = %(workspace_id)s
   AND (%(after)s::bigint IS NULL OR id > %(after)s::bigint)
 ORDER BY id
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
