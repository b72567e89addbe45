-- name: list_public :many
-- The public collection with an id, or, if none is named, all that there are, but not more than two.
-- Those of a workspace that is about to be deleted are closed with it.
SELECT collection.id
  FROM collections AS collection
  JOIN workspaces AS workspace
    ON workspace.id = collection.workspace_id
   AND workspace.deletion_id IS NULL
 WHERE collection.is_public
   AND (%(id)s::uuid IS NULL OR collection.id = %(id)s)
 ORDER BY collection.id
 LIMIT 2;

-- name: add :one
-- Registers a contract as a collection of a workspace, to be read from a block on.
INSERT INTO collections (
  workspace_id,
  chain_id,
  contract,
  name_template,
  description,
  default_prompt,
  fallback_prompt,
  keeper,
  is_public,
  start_block,
  next_block,
  first_token_id,
  next_token_id,
  mint_confirmations,
  reveal_confirmations
)
VALUES (
  %(workspace_id)s,
  %(chain_id)s,
  %(contract)s,
  %(name_template)s,
  %(description)s,
  %(default_prompt)s,
  %(fallback_prompt)s,
  %(keeper)s,
  %(is_public)s,
  %(start_block)s,
  %(start_block)s,
  %(first_token_id)s,
  %(first_token_id)s,
  %(mint_confirmations)s,
  %(reveal_confirmations)s
)
RETURNING id;

-- name: list :many
-- Every collection, for operators.
SELECT id,
       workspace_id,
       chain_id,
       contract,
       name_template,
       keeper,
       is_public,
       status,
       pause_reason,
       next_block,
       head_block,
       watch_error,
       watched_at
  FROM collections
 ORDER BY id;

-- name: list_of_workspace :many
-- The collections of a workspace, newest first.
SELECT *
  FROM collection_answers(%(workspace_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: get :one
-- A collection of a workspace.
SELECT *
  FROM collection_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: pause :maybe
-- An operator pauses a collection: it is neither watched nor revealed. No row if there is none.
UPDATE collections
   SET status = next_status('collection', status, 'pause'),
       pause_reason = %(reason)s,
       updated_at = now()
 WHERE id = %(id)s
RETURNING workspace_id, contract;

-- name: change_keeper :maybe
-- An operator names another keeper for a collection, unless reveals by its keeper are under way: those are
-- left alone. No row if there is none.
UPDATE collections AS collection
   SET keeper = CASE WHEN reveals.under_way = 0 THEN %(keeper)s ELSE collection.keeper END,
       updated_at = now()
  FROM (
         SELECT count(*) AS under_way
           FROM collections AS standing
           JOIN reveal_transactions AS reveal
             ON reveal.chain_id = standing.chain_id
            AND reveal.keeper = standing.keeper
            AND reveal.collection_id = standing.id
          WHERE standing.id = %(id)s
            AND reveal.status IN ('planned', 'signed', 'sent', 'stuck', 'cancelling')
       ) AS reveals
 WHERE collection.id = %(id)s
RETURNING collection.workspace_id, collection.contract, reveals.under_way;

-- name: resume :maybe
-- An operator lets a collection go on, from the block that it stopped at. No row if there is none.
UPDATE collections
   SET status = next_status('collection', status, 'resume'),
       pause_reason = NULL,
       updated_at = now()
 WHERE id = %(id)s
RETURNING workspace_id, contract;

-- name: of_contracts :many
-- The collections that are not paused, of some contracts, in lower case; or of these, a certain one.
SELECT id,
       lower(contract) AS contract,
       chain_id,
       start_block
  FROM collections
 WHERE lower(contract) = ANY (%(contracts)s::text[])
   AND status = 'active'
   AND id = coalesce(%(id)s, id);

-- name: look_again :exec
-- Has the watcher read some blocks again about which somebody told something that does not fit, or
-- hinted at a mint that is not known.
UPDATE collections AS collection
   SET doubted_block = least(collection.doubted_block, doubted.block_number),
       doubts = collection.doubts + 1
  FROM (
         SELECT doubt.collection_id,
                min(doubt.block_number) AS block_number
           FROM jsonb_to_recordset(%(doubts)s::jsonb) AS doubt (
                  collection_id uuid,
                  block_number bigint,
                  tx_hash text,
                  token_id bigint
                )
          WHERE (
                  SELECT mint.id
                    FROM mint_events AS mint
                   WHERE mint.collection_id = doubt.collection_id
                     AND mint.tx_hash = doubt.tx_hash
                     AND mint.status <> 'orphaned'
                   LIMIT 1
                ) IS NULL
            AND (
                  SELECT token.id
                    FROM tokens AS token
                   WHERE token.collection_id = doubt.collection_id
                     AND token.token_id = doubt.token_id
                     AND token.status <> 'orphaned'
                ) IS NULL
          GROUP BY doubt.collection_id
       ) AS doubted
 WHERE collection.id = doubted.collection_id
   AND collection.next_block > doubted.block_number;

-- name: load :many
-- Collections to watch, each with the block to read from, the token that was next before it, and with the
-- mints that are known from there on, up to a limit: from where they were read last, unless there is a
-- doubt, or a mint that somebody told of has not been read.
SELECT collection.id,
       collection.chain_id,
       collection.contract,
       collection.start_block,
       collection.next_block,
       collection.block_hash,
       coalesce(
         CASE WHEN first.block_number = collection.next_block THEN collection.next_token_id END,
         (
           SELECT mint.start_token_id + mint.quantity
             FROM mint_events AS mint
            WHERE mint.collection_id = collection.id
              AND mint.block_number < first.block_number
              AND mint.status IN ('pending', 'confirmed')
            ORDER BY mint.block_number DESC,
                     mint.start_token_id DESC
            LIMIT 1
         ),
         collection.first_token_id
       ) AS next_token_id,
       collection.doubts,
       collection.watch_failures,
       collection.mint_confirmations,
       first.block_number AS from_block,
       known.mints AS known
  FROM collections AS collection
 CROSS JOIN LATERAL (
         SELECT least(
                  collection.next_block,
                  collection.doubted_block,
                  (
                    SELECT min(mint.block_number)
                      FROM mint_events AS mint
                     WHERE mint.collection_id = collection.id
                       AND mint.status = 'pending'
                       AND NOT mint.is_read
                  )
                ) AS block_number
       ) AS first
 CROSS JOIN LATERAL (
         SELECT coalesce(jsonb_agg(mint), '[]') AS mints
           FROM (
                  SELECT id,
                         tx_hash,
                         log_index,
                         block_number,
                         block_hash,
                         start_token_id,
                         quantity,
                         source
                    FROM mint_events
                   WHERE collection_id = collection.id
                     AND block_number >= first.block_number
                     AND status IN ('pending', 'confirmed')
                   ORDER BY block_number
                   LIMIT %(limit)s
                ) AS mint
       ) AS known
 WHERE collection.id = ANY (%(ids)s::uuid[])
   AND collection.status = 'active';

-- name: hold :maybe
-- Locks a collection that is not paused until the transaction ends; mints can still be told of.
SELECT id
  FROM collections
 WHERE id = %(id)s
   AND status = 'active'
   FOR NO KEY UPDATE;

-- name: move :one
-- Where the watcher stands after it has read some blocks. A doubt that came meanwhile stays. Returns
-- whether there are tokens to reveal.
UPDATE collections AS collection
   SET next_block = %(next_block)s,
       block_hash = %(block_hash)s,
       next_token_id = %(next_token_id)s,
       doubted_block = CASE WHEN doubts <> %(doubts)s THEN doubted_block END,
       head_block = %(head_block)s,
       watch_error = NULL,
       watch_failures = 0,
       watched_at = now()
 WHERE id = %(id)s
RETURNING EXISTS (
            SELECT FROM tokens
             WHERE tokens.collection_id = collection.id
               AND tokens.status = 'ready'
               AND tokens.reveal_id IS NULL
          ) AS has_ready;

-- name: go_back :one
-- The chain has changed below the watcher, which goes back by so many blocks, and to the first mint that
-- does not count yet. Returns the mints from there on that the contract told of: nobody can say in which
-- block they are now.
WITH moved AS (
  UPDATE collections AS collection
     SET next_block = greatest(
           collection.start_block,
           least(
             collection.next_block - %(blocks)s,
             (
               SELECT min(mint.block_number)
                 FROM mint_events AS mint
                WHERE mint.collection_id = collection.id
                  AND mint.status = 'pending'
             )
           )
         ),
         block_hash = NULL,
         next_token_id = NULL,
         watched_at = now()
   WHERE collection.id = %(id)s
  RETURNING id, next_block
)
SELECT moved.next_block,
       ARRAY(
         SELECT mint.id
           FROM mint_events AS mint
          WHERE mint.collection_id = moved.id
            AND mint.block_number >= moved.next_block
            AND mint.status IN ('pending', 'confirmed')
            AND mint.source = 'contract'
       ) AS told_by_contract
  FROM moved;

-- name: note_quiet :exec
-- Nothing has happened on the chain; written down now and then, and if something was wrong before.
UPDATE collections
   SET watch_error = NULL,
       watch_failures = 0,
       watched_at = now()
 WHERE id = %(id)s
   AND (watch_error IS NOT NULL OR watch_failures > 0 OR watched_at < now() - interval '1 minute');

-- name: note_failure :value
-- The node did not answer, or not as one should; returns how often in a row.
UPDATE collections
   SET watch_error = %(error)s,
       watch_failures = watch_failures + 1,
       watched_at = now()
 WHERE id = %(id)s
RETURNING watch_failures;

-- name: alarm :exec
-- Something about some collections, or about all that are not paused, that a person should look at: for
-- their timelines and for consumers.
INSERT INTO events (workspace_id, entity, entity_id, event, actor, request_id, payload)
SELECT workspace_id,
       'collection',
       id,
       CASE %(what)s::text
         WHEN 'reorged' THEN 'collection.reorged'
         WHEN 'answered_in_part' THEN 'collection.answered_in_part'
         WHEN 'webhooks_stopped' THEN 'collection.webhooks_stopped'
       END,
       coalesce(nullif(current_setting('coffer.actor', true), ''), 'database'),
       nullif(current_setting('coffer.request_id', true), ''),
       %(payload)s
  FROM collections
 WHERE id = ANY (%(ids)s::uuid[])
    OR %(ids)s::uuid[] IS NULL AND status = 'active';
