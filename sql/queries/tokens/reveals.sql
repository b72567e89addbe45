-- name: count_under_way :value
-- How many reveals of a collection's keeper are on their way into a block.
SELECT count(*)
  FROM reveal_transactions AS reveal
  JOIN collections AS collection
    ON collection.chain_id = reveal.chain_id
   AND collection.keeper = reveal.keeper
 WHERE collection.id = %(collection_id)s
   AND reveal.status IN ('planned', 'signed', 'sent', 'stuck', 'cancelling');

-- name: next_tokens :many
-- The tokens of an active collection that have waited longest to be revealed, locked until the transaction
-- ends. Their mints are deep enough: a reveal is for ever, and may not be of a token that the chain takes
-- back. None of a workspace that is to be deleted: with the reveal, the bytes for its nonce would be gone, and
-- every later one of the keeper's would wait for that. `waited` is in seconds.
SELECT token.token_id,
       token.metadata_cid,
       extract(epoch FROM now() - token.ready_at)::float AS waited
  FROM tokens AS token
  JOIN collections AS collection
    ON collection.id = token.collection_id
   AND collection.status = 'active'
   AND collection.keeper IS NOT NULL
  JOIN workspaces AS workspace
    ON workspace.id = collection.workspace_id
   AND workspace.deletion_id IS NULL
  JOIN mint_events AS mint
    ON mint.id = token.mint_event_id
   AND mint.status = 'confirmed'
 WHERE token.collection_id = %(collection_id)s
   AND token.status = 'ready'
   AND token.reveal_id IS NULL
 ORDER BY token.ready_at
 LIMIT %(limit)s
   FOR NO KEY UPDATE OF token SKIP LOCKED;

-- name: plan :exec
-- Makes batches of tokens into reveals, each with the addresses of its metadata; returns how many tokens.
WITH wanted AS (
  SELECT uuidv7() AS id,
         batch.token_ids,
         batch.uris
    FROM jsonb_to_recordset(%(batches)s::jsonb) AS batch (token_ids bigint[], uris text[])
),
planned AS (
  INSERT INTO reveal_transactions (id, workspace_id, collection_id, token_ids, uris, chain_id, keeper)
  SELECT wanted.id,
         collection.workspace_id,
         collection.id,
         wanted.token_ids,
         wanted.uris,
         collection.chain_id,
         collection.keeper
    FROM wanted
    JOIN collections AS collection
      ON collection.id = %(collection_id)s
   ORDER BY wanted.id
  RETURNING id, token_ids
)
UPDATE tokens
   SET reveal_id = planned.id,
       updated_at = now()
  FROM planned
 WHERE tokens.collection_id = %(collection_id)s
   AND tokens.token_id = ANY (planned.token_ids)
   AND tokens.status = 'ready'
   AND tokens.reveal_id IS NULL;

-- name: hurry :exec
-- Queues the planning of a collection's reveals, without waiting for fifty tokens.
INSERT INTO outbox AS queued (kind, subject_id, workspace_id, payload, request_id)
VALUES (
  'plan_reveals',
  %(collection_id)s,
  %(workspace_id)s,
  '{"now": true}',
  nullif(current_setting('coffer.request_id', true), '')
)
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO UPDATE
      SET payload = EXCLUDED.payload,
          request_id = EXCLUDED.request_id,
          run_after = EXCLUDED.run_after,
          attempts = 0,
          claim = NULL,
          claimed_by = NULL,
          cut_off = 0,
          last_error = NULL,
          enqueued_at = EXCLUDED.enqueued_at;

-- name: load_to_sign :many
-- The reveals that are to be signed, with what was signed last. No row for those that no longer are.
SELECT reveal.id,
       reveal.status,
       reveal.token_ids,
       reveal.uris,
       reveal.chain_id,
       reveal.keeper,
       reveal.nonce,
       collection.contract,
       collection.status AS collection_status,
       collection.reveal_confirmations AS depth,
       last.cancels,
       last.max_fee,
       last.tip,
       last.gas
  FROM reveal_transactions AS reveal
  JOIN collections AS collection
    ON collection.id = reveal.collection_id
  LEFT JOIN LATERAL (
         SELECT attempt.cancels,
                attempt.max_fee,
                attempt.tip,
                attempt.gas
           FROM reveal_attempts AS attempt
          WHERE attempt.reveal_id = reveal.id
          ORDER BY attempt.number DESC
          LIMIT 1
       ) AS last
    ON true
 WHERE reveal.id = ANY (%(ids)s::uuid[])
   AND reveal.status IN ('planned', 'stuck', 'cancelling');

-- name: hold :maybe
-- Locks a reveal until the transaction ends.
SELECT reveal.status,
       reveal.collection_id,
       reveal.token_ids,
       reveal.uris,
       reveal.chain_id,
       reveal.keeper,
       reveal.nonce,
       reveal.attempts,
       reveal.overtaken_block,
       reveal.mined_hash,
       keeper.low_since IS NOT NULL AS keeper_is_low
  FROM reveal_transactions AS reveal
  LEFT JOIN keepers AS keeper
    ON keeper.chain_id = reveal.chain_id
   AND keeper.address = reveal.keeper
 WHERE reveal.id = %(id)s
   FOR NO KEY UPDATE OF reveal;

-- name: count_fit :value
-- How many tokens of a reveal may still be revealed, locked until the transaction ends: those that were not
-- taken back by the chain meanwhile.
WITH fit AS MATERIALIZED (
  SELECT token.id
    FROM tokens AS token
    JOIN mint_events AS mint
      ON mint.id = token.mint_event_id
     AND mint.status = 'confirmed'
   WHERE token.reveal_id = %(id)s
     AND token.status = 'ready'
     FOR SHARE OF token, mint
)
SELECT count(*)
  FROM fit;

-- name: sign :exec
-- Moves a reveal on to what was signed for it.
UPDATE reveal_transactions
   SET status = 'signed',
       nonce = %(nonce)s,
       attempts = attempts + 1,
       max_fee = %(max_fee)s,
       tip = %(tip)s,
       note = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status IN ('planned', 'stuck', 'cancelling');

-- name: keep_attempt :exec
-- Keeps what was signed, before anybody hears of it.
INSERT INTO reveal_attempts (tx_hash, reveal_id, number, cancels, raw, max_fee, tip, gas, head)
VALUES (
  %(tx_hash)s,
  %(id)s,
  %(number)s,
  %(cancels)s,
  %(raw)s,
  %(max_fee)s,
  %(tip)s,
  %(gas)s,
  %(head)s
);

-- name: note :exec
-- Says what a reveal waits for; null for nothing out of the ordinary.
UPDATE reveal_transactions
   SET note = %(note)s,
       updated_at = now()
 WHERE id = %(id)s
   AND note IS DISTINCT FROM %(note)s;

-- name: keep :exec
-- Leaves a reveal as it was signed, because it cannot pay more.
UPDATE reveal_transactions
   SET status = 'sent',
       note = %(note)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status IN ('stuck', 'cancelling');

-- name: drop :exec
-- Gives up a reveal that nobody has signed; its tokens are free.
WITH dropped AS (
  UPDATE reveal_transactions
     SET status = 'dropped',
         error = %(error)s,
         error_code = %(error_code)s,
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'planned'
  RETURNING id
)
UPDATE tokens
   SET reveal_id = NULL,
       updated_at = now()
  FROM dropped
 WHERE tokens.reveal_id = dropped.id;

-- name: settle_known :exec
-- Ends tokens of a collection that somebody else has revealed: with the address that was meant to be
-- written, they are revealed; with another one, they have failed.
UPDATE tokens
   SET status = CASE WHEN known.is_ours THEN 'revealed' ELSE 'failed' END,
       revealed_at = CASE WHEN known.is_ours THEN now() END,
       error = CASE WHEN NOT known.is_ours THEN 'It was revealed by somebody else, with another address: ' || known.uri END,
       error_code = CASE WHEN NOT known.is_ours THEN 'revealed_elsewhere' END,
       updated_at = now()
  FROM unnest(%(token_ids)s::bigint[], %(uris)s::text[], %(are_ours)s::boolean[]) AS known (token_id, uri, is_ours)
 WHERE tokens.collection_id = %(collection_id)s
   AND tokens.token_id = known.token_id
   AND tokens.status = 'ready';

-- name: load_to_send :many
-- The reveals that are to be sent, and what was signed last for them.
SELECT reveal.id,
       reveal.chain_id,
       reveal.keeper,
       last.raw
  FROM reveal_transactions AS reveal
 CROSS JOIN LATERAL (
         SELECT attempt.raw
           FROM reveal_attempts AS attempt
          WHERE attempt.reveal_id = reveal.id
          ORDER BY attempt.number DESC
          LIMIT 1
       ) AS last
 WHERE reveal.id = ANY (%(ids)s::uuid[])
   AND reveal.status = 'signed';

-- name: send :exec
-- Moves a reveal on, once a node was given it.
UPDATE reveal_transactions
   SET status = 'sent',
       sent_at = coalesce(sent_at, now()),
       note = %(note)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'signed';

-- name: load_to_confirm :many
-- The reveals that are to be looked up, with all that was signed for them. Times are in seconds.
SELECT reveal.id,
       reveal.status,
       reveal.chain_id,
       reveal.keeper,
       reveal.nonce,
       collection.contract,
       collection.reveal_confirmations AS depth,
       signed.tx_hashes,
       signed.cancelling,
       last.raw,
       last.max_fee,
       last.tip,
       last.head,
       extract(epoch FROM clock_timestamp() - last.signed_at)::float AS age,
       extract(epoch FROM clock_timestamp() - reveal.sent_at)::float AS sent_for
  FROM reveal_transactions AS reveal
  JOIN collections AS collection
    ON collection.id = reveal.collection_id
 CROSS JOIN LATERAL (
         SELECT array_agg(attempt.tx_hash ORDER BY attempt.number DESC) AS tx_hashes,
                array_agg(attempt.tx_hash) FILTER (WHERE attempt.cancels) AS cancelling
           FROM reveal_attempts AS attempt
          WHERE attempt.reveal_id = reveal.id
       ) AS signed
 CROSS JOIN LATERAL (
         SELECT attempt.raw,
                attempt.max_fee,
                attempt.tip,
                attempt.head,
                attempt.signed_at
           FROM reveal_attempts AS attempt
          WHERE attempt.reveal_id = reveal.id
          ORDER BY attempt.number DESC
          LIMIT 1
       ) AS last
 WHERE reveal.id = ANY (%(ids)s::uuid[])
   AND reveal.status IN ('sent', 'mined');

-- name: mine :exec
-- Notes in which block a reveal is, or that it is in another one now.
UPDATE reveal_transactions
   SET status = 'mined',
       mined_tx_hash = %(tx_hash)s,
       mined_block = %(block)s,
       mined_hash = %(block_hash)s,
       gas_used = %(gas_used)s,
       effective_price = %(price)s,
       overtaken_block = NULL,
       note = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status IN ('sent', 'mined');

-- name: lose_block :exec
-- The block that a reveal was in is not part of the chain any more: it is sent again.
UPDATE reveal_transactions
   SET status = 'signed',
       mined_tx_hash = NULL,
       mined_block = NULL,
       mined_hash = NULL,
       gas_used = NULL,
       effective_price = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'mined';

-- name: overtake :exec
-- Notes in which block it was first seen that somebody else has used a reveal's nonce; null if that is not so
-- any more.
UPDATE reveal_transactions
   SET overtaken_block = %(block)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'sent';

-- name: renew :exec
-- Has a reveal signed anew, because it pays too little.
UPDATE reveal_transactions
   SET status = 'stuck',
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'sent';

-- name: confirm :exec
-- Ends a reveal that is deep enough in the chain: its tokens are revealed. Returns how many.
WITH confirmed AS (
  UPDATE reveal_transactions
     SET status = 'confirmed',
         confirmed_at = now(),
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'mined'
  RETURNING id
)
UPDATE tokens
   SET status = CASE WHEN tokens.status = 'ready' THEN 'revealed' ELSE tokens.status END,
       revealed_at = CASE WHEN tokens.status = 'ready' THEN now() END,
       reveal_id = CASE WHEN tokens.status = 'ready' THEN tokens.reveal_id END,
       error = CASE WHEN tokens.status <> 'ready' THEN tokens.error END,
       error_code = CASE WHEN tokens.status <> 'ready' THEN tokens.error_code END,
       updated_at = now()
  FROM confirmed
 WHERE tokens.reveal_id = confirmed.id;

-- name: release :exec
-- Ends a reveal that revealed nothing, as `cancelled`, `failed` or `superseded`; its tokens are free. A token
-- that the contract refuses for the second time has failed.
WITH ended AS (
  UPDATE reveal_transactions
     SET status = %(status)s,
         error = %(error)s,
         error_code = %(error_code)s,
         updated_at = now()
   WHERE id = %(id)s
     AND status IN ('sent', 'mined')
  RETURNING id, status = 'failed' AS counts
)
UPDATE tokens
   SET reveal_id = NULL,
       reverted_reveals = tokens.reverted_reveals + ended.counts::integer,
       status = CASE
         WHEN tokens.status = 'ready' AND ended.counts AND tokens.reverted_reveals > 0 THEN 'failed'
         ELSE tokens.status
       END,
       error = CASE WHEN ended.counts THEN %(error)s ELSE tokens.error END,
       error_code = CASE WHEN ended.counts THEN %(error_code)s ELSE tokens.error_code END,
       updated_at = now()
  FROM ended
 WHERE tokens.reveal_id = ended.id;

-- name: get :one
-- A reveal.
SELECT *
  FROM reveal_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: exists :value
-- The id of a reveal; no row if the workspace has no such reveal.
SELECT id
  FROM reveal_transactions
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: list_of_workspace :many
-- Reveals that match the filters, newest first.
SELECT *
  FROM reveal_answers(%(workspace_id)s) AS reveal
 WHERE reveal.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(collection_id)s::uuid IS NULL OR reveal.collection_id = %(collection_id)s)
   AND (%(status)s::text IS NULL OR reveal.status = %(status)s)
 ORDER BY reveal.id DESC
 LIMIT %(limit)s;

-- name: list_attempts :many
-- What was signed for a reveal, in that order, without the bytes.
SELECT attempt.number,
       attempt.tx_hash,
       attempt.cancels,
       attempt.max_fee::text AS max_fee,
       attempt.tip::text AS tip,
       attempt.gas,
       attempt.signed_at
  FROM reveal_attempts AS attempt
 WHERE attempt.reveal_id = %(id)s
 ORDER BY attempt.number;

-- name: hold_work :maybe
-- Locks the queued work of a reveal until the transaction ends. Workers lock it before the reveal, and so
-- does whoever queues it anew.
SELECT claim
  FROM outbox
 WHERE kind = 'sign_reveals'
   AND subject_id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR UPDATE;

-- name: act :value
-- Performs an action on a reveal; the id, or no row if the workspace has no such reveal. The database refuses
-- an action that the status does not allow. The tokens of one that is dropped are free.
WITH acted AS (
  UPDATE reveal_transactions
     SET status = next_status('reveal', status, %(action)s),
         note = NULL,
         updated_at = now()
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
  RETURNING id, status
),
freed AS (
  UPDATE tokens
     SET reveal_id = NULL,
         updated_at = now()
    FROM acted
   WHERE tokens.reveal_id = acted.id
     AND acted.status = 'dropped'
)
SELECT id
  FROM acted;

-- name: count_waiting :one
-- Of an active collection of a workspace: how many tokens could be revealed now, and how many wait until
-- their mints are deep enough. No row if there is no such collection.
SELECT collection.status,
       collection.keeper,
       count(token.id) FILTER (WHERE mint.status = 'confirmed') AS ready,
       count(token.id) FILTER (WHERE mint.status <> 'confirmed') AS unconfirmed
  FROM collections AS collection
  LEFT JOIN tokens AS token
    ON token.collection_id = collection.id
   AND token.status = 'ready'
   AND token.reveal_id IS NULL
  LEFT JOIN mint_events AS mint
    ON mint.id = token.mint_event_id
 WHERE collection.id = %(collection_id)s
   AND collection.workspace_id = %(workspace_id)s
 GROUP BY collection.id;
