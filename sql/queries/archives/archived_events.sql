-- name: read :many
-- A batch of the events of a workspace that a user sees, in the order of the changes, with the texts that
-- edits of items have replaced.
SELECT (change.txid || ' ' || change.id) AS at,
       (
         to_jsonb(recorded) - ARRAY['workspace_id', 'user_id', 'txid']
         || jsonb_build_object(
              'replaced', to_jsonb(replaced) - ARRAY['event_id', 'workspace_id', 'item_id']
            )
       )::text AS line
  FROM changes_after(
         %(workspace_id)s,
         %(user_id)s,
         split_part(coalesce(%(after)s, '0 0'), ' ', 1)::xid8,
         split_part(coalesce(%(after)s, '0 0'), ' ', 2)::bigint,
         '18446744073709551615'::xid8,
         %(limit)s
       ) AS change
  JOIN events AS recorded
    ON recorded.id = change.id
  LEFT JOIN item_texts AS replaced
    ON replaced.event_id = recorded.id
 ORDER BY change.txid, change.id;
