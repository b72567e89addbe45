-- name: head :one
-- How far changes are complete (before the transaction `until`), and what positions mean: which life of
-- the database they are of, the first transaction that has not begun, and up to where events were
-- removed.
SELECT id AS feed,
       pg_snapshot_xmin(pg_current_snapshot())::text AS until,
       pg_snapshot_xmax(pg_current_snapshot())::text AS not_begun,
       pruned_to::text
  FROM changes_feed;

-- name: list_permitted :many
-- Which of some listeners may still listen: their session or key is valid, and they may read the changes
-- of the workspace.
SELECT listener.number
  FROM unnest(
         %(numbers)s::integer[],
         %(workspace_ids)s::uuid[],
         %(user_ids)s::uuid[],
         %(session_ids)s::uuid[],
         %(api_key_ids)s::uuid[]
       ) AS listener (number, workspace_id, user_id, session_id, api_key_id)
  LEFT JOIN sessions AS session
    ON session.id = listener.session_id
   AND session.status = 'active'
   AND session.expires_at > now()
  LEFT JOIN api_keys AS key
    ON key.id = listener.api_key_id
   AND key.expires_at > now()
 WHERE is_permitted(listener.user_id, listener.workspace_id, 'workspace:changes:read')
   AND (listener.session_id IS NULL OR session.id IS NOT NULL)
   AND (listener.api_key_id IS NULL OR key.id IS NOT NULL);

-- name: list_after :many
-- The changes of a workspace after a position, as a user sees them, for each of some followers. With
-- names, separated by commas, only those of the first so many, and the last of these, with which to go
-- on.
SELECT follower.number AS follower,
       found.*
  FROM unnest(
         %(numbers)s::integer[],
         %(workspace_ids)s::uuid[],
         %(user_ids)s::uuid[],
         %(txids)s::text[],
         %(ids)s::bigint[],
         %(names)s::text[]
       ) AS follower (number, workspace_id, user_id, txid, id, names)
 CROSS JOIN LATERAL (
         SELECT change.id,
                change.event,
                change.entity,
                change.entity_id,
                change.from_status,
                change.to_status,
                change.actor,
                change.request_id,
                change.occurred_at,
                change.txid::text,
                is_listed(change.event, string_to_array(follower.names, ',')) AS is_listed,
                row_number() OVER (ORDER BY change.txid, change.id) AS number
           FROM changes_after(
                  follower.workspace_id,
                  follower.user_id,
                  follower.txid::xid8,
                  follower.id,
                  %(until)s::text::xid8,
                  %(most)s::integer
                ) AS change
       ) AS found
 WHERE found.is_listed
    OR found.number = %(most)s::integer
 ORDER BY follower.number,
          found.number;

-- name: list_names :many
-- The names of all events, with who is told of them.
SELECT event,
       audience
  FROM known_events
 ORDER BY event;
