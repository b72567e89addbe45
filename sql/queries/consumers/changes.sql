-- name: head :one
-- How far changes are complete (before the transaction `until`), and what positions mean: which life of
-- the database they are of, the first transaction that has not begun, and up to where events were
-- removed.
SELECT id AS feed,
       pg_snapshot_xmin(pg_current_snapshot())::text AS until,
       pg_snapshot_xmax(pg_current_snapshot())::text AS not_begun,
       pruned_to::text
  FROM changes_feed;

-- name: list_after :many
-- The changes of a workspace after a position, as a user sees them. With names, only those of the first
-- so many, and the last of these, with which to go on.
SELECT found.*
  FROM (
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
                is_listed(change.event, %(names)s::text[]) AS is_listed,
                row_number() OVER (ORDER BY change.txid, change.id) AS number
           FROM changes_after(
                  %(workspace_id)s::uuid,
                  %(user_id)s::uuid,
                  %(after_txid)s::text::xid8,
                  %(after_id)s::bigint,
                  %(until)s::text::xid8,
                  %(most)s::integer
                ) AS change
       ) AS found
 WHERE found.is_listed
    OR found.number = %(most)s::integer
 ORDER BY found.number;
