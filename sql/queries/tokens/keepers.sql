-- name: hold :maybe
-- Locks a keeper until the transaction ends.
SELECT next_nonce
  FROM keepers
 WHERE chain_id = %(chain_id)s
   AND address = %(address)s
   FOR NO KEY UPDATE;

-- name: take_nonce :one
-- The keeper's next nonce, and the row locked until the transaction ends, in which what is signed with it is
-- stored. A keeper's first is the one that the chain expects; later ones are counted here, and jump over what
-- somebody else has used so deep in the chain that it stays. `was_used_elsewhere` if so: a subquery sees the
-- row as it was when the statement began.
INSERT INTO keepers AS keeper (chain_id, address, next_nonce)
VALUES (%(chain_id)s, %(address)s, %(first)s::bigint + 1)
ON CONFLICT ON CONSTRAINT keepers_pkey
DO UPDATE
      SET next_nonce = greatest(coalesce(keeper.next_nonce, %(first)s), %(deep)s) + 1
RETURNING next_nonce - 1 AS nonce,
          coalesce(
            (
              SELECT before.next_nonce
                FROM keepers AS before
               WHERE before.chain_id = %(chain_id)s
                 AND before.address = %(address)s
            ) < %(deep)s,
            false
          ) AS was_used_elsewhere;

-- name: note_balance :one
-- Keeps what a keeper has left, in wei. It is low below `enough`, until it is twice that. Returns what it was
-- before, which a subquery sees, and is now.
INSERT INTO keepers AS keeper (chain_id, address, balance, low_since, checked_at)
VALUES (
  %(chain_id)s,
  %(address)s,
  %(balance)s,
  CASE WHEN %(balance)s::numeric < %(enough)s::numeric THEN now() END,
  now()
)
ON CONFLICT ON CONSTRAINT keepers_pkey
DO UPDATE
      SET balance = EXCLUDED.balance,
          low_since = CASE
            WHEN %(balance)s::numeric < %(enough)s::numeric THEN coalesce(keeper.low_since, now())
            WHEN %(balance)s::numeric < 2 * %(enough)s::numeric THEN keeper.low_since
          END,
          checked_at = now()
RETURNING EXISTS (
            SELECT
              FROM keepers AS before
             WHERE before.chain_id = %(chain_id)s
               AND before.address = %(address)s
               AND before.low_since IS NOT NULL
          ) AS was_low,
          keeper.low_since IS NOT NULL AS is_low;

-- name: note_foreign_use :exec
-- Notes that somebody else has used a keeper's key.
UPDATE keepers
   SET used_elsewhere_at = now()
 WHERE chain_id = %(chain_id)s
   AND address = %(address)s;

-- name: tell :exec
-- Writes an event about a keeper to the timeline of each collection that it reveals.
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT collection.workspace_id,
       'collection',
       collection.id,
       %(event)s,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), ''),
       %(payload)s
  FROM collections AS collection
 WHERE collection.chain_id = %(chain_id)s
   AND collection.keeper = %(address)s;

-- name: list_in_use :many
-- The keepers of active collections.
SELECT DISTINCT collection.chain_id,
       collection.keeper AS address
  FROM collections AS collection
 WHERE collection.status = 'active'
   AND collection.keeper IS NOT NULL;

-- name: get_of_collection :one
-- The keeper of a collection: how it stands, and what it has under way. `balance` is in wei.
SELECT collection.chain_id,
       collection.keeper AS address,
       keeper.balance::text AS balance,
       keeper.checked_at,
       keeper.next_nonce,
       keeper.low_since,
       CASE WHEN keeper.used_elsewhere_at > now() - interval '7 days' THEN keeper.used_elsewhere_at END AS used_elsewhere_at,
       (
         SELECT count(*)
           FROM reveal_transactions AS reveal
          WHERE reveal.chain_id = collection.chain_id
            AND reveal.keeper = collection.keeper
            AND reveal.status IN ('planned', 'signed', 'sent', 'stuck', 'cancelling')
       ) AS under_way
  FROM collections AS collection
  LEFT JOIN keepers AS keeper
    ON keeper.chain_id = collection.chain_id
   AND keeper.address = collection.keeper
 WHERE collection.id = %(collection_id)s
   AND collection.workspace_id = %(workspace_id)s;
