-- name: meet_authors :exec
-- Makes authors of the wallets that mints name and that nobody knows yet, in the order of the wallets: of
-- two who meet the same ones at once, one waits for the other, and never both. It must be a statement of
-- its own: the next one sees the authors that another has made meanwhile.
INSERT INTO authors (workspace_id, collection_id, wallet)
SELECT collection.workspace_id,
       collection.id,
       met.wallet
  FROM (
         SELECT DISTINCT told.collection_id,
                told.author AS wallet
           FROM jsonb_to_recordset(%(mints)s::jsonb) AS told (collection_id uuid, author text)
       ) AS met
  JOIN collections AS collection
    ON collection.id = met.collection_id
 WHERE (
         SELECT author.id
           FROM authors AS author
          WHERE author.collection_id = met.collection_id
            AND author.wallet = met.wallet
       ) IS NULL
 ORDER BY met.collection_id,
          met.wallet
ON CONFLICT ON CONSTRAINT authors_wallet_is_known_once
DO NOTHING;

-- name: take :one
-- Records mints that somebody told of, each log once, with their tokens; what is known already stays as it
-- is. Returns how many were told, how many of them were new, with how many tokens, how many of those were
-- new, and, by collection, the lowest block about which somebody else told something else.
WITH told AS MATERIALIZED (
  SELECT DISTINCT ON (mint.collection_id, mint.tx_hash, mint.log_index, mint.start_token_id) mint.*
    FROM jsonb_to_recordset(%(mints)s::jsonb) AS mint (
           collection_id uuid,
           tx_hash text,
           log_index integer,
           block_number bigint,
           block_hash text,
           block_time timestamptz,
           minter text,
           author text,
           start_token_id bigint,
           quantity integer,
           total_paid numeric,
           source text
         )
   ORDER BY mint.collection_id,
            mint.tx_hash,
            mint.log_index,
            mint.start_token_id
), taken AS (
  INSERT INTO mint_events (
    workspace_id,
    collection_id,
    author_id,
    tx_hash,
    log_index,
    block_number,
    block_hash,
    block_time,
    minter,
    start_token_id,
    quantity,
    total_paid,
    source,
    is_read
  )
  SELECT author.workspace_id,
         told.collection_id,
         author.id,
         told.tx_hash,
         told.log_index,
         told.block_number,
         told.block_hash,
         told.block_time,
         told.minter,
         told.start_token_id,
         told.quantity,
         told.total_paid,
         told.source,
         told.source <> 'webhook'
    FROM told
   CROSS JOIN LATERAL (
           SELECT known.id,
                  known.workspace_id
             FROM authors AS known
            WHERE known.collection_id = told.collection_id
              AND known.wallet = told.author
            LIMIT 1
         ) AS author
   ORDER BY told.collection_id,
            told.tx_hash,
            told.log_index
  ON CONFLICT ON CONSTRAINT mint_events_log_is_recorded_once
  DO NOTHING
  RETURNING id, workspace_id, collection_id, author_id, start_token_id, quantity, block_time
), born AS (
  INSERT INTO tokens (workspace_id, collection_id, token_id, author_id, mint_event_id, minted_at)
  SELECT taken.workspace_id,
         taken.collection_id,
         number.token_id,
         taken.author_id,
         taken.id,
         coalesce(taken.block_time, now())
    FROM taken
   CROSS JOIN LATERAL generate_series(
           taken.start_token_id,
           taken.start_token_id + taken.quantity - 1
         ) AS number (token_id)
   ORDER BY taken.collection_id,
            number.token_id
  ON CONFLICT ON CONSTRAINT tokens_number_is_known_once
  DO NOTHING
  RETURNING 1
), doubted AS (
  -- The number of a block with another hash, or a log that is known from another block.
  SELECT told.collection_id,
         told.block_number
    FROM told
   CROSS JOIN LATERAL (
           SELECT
             FROM mint_events AS mint
            WHERE mint.collection_id = told.collection_id
              AND mint.block_number = told.block_number
              AND mint.status = 'pending'
              AND mint.block_hash <> told.block_hash
            LIMIT 1
         ) AS other
   UNION ALL
  SELECT told.collection_id,
         least(told.block_number, other.block_number)
    FROM told
   CROSS JOIN LATERAL (
           SELECT mint.block_number
             FROM mint_events AS mint
            WHERE mint.collection_id = told.collection_id
              AND mint.tx_hash = told.tx_hash
              AND mint.log_index = told.log_index
              AND (mint.block_hash <> told.block_hash OR mint.status = 'orphaned')
            LIMIT 1
         ) AS other
)
SELECT (SELECT count(*) FROM told) AS told,
       (SELECT count(*) FROM taken) AS mints,
       (SELECT coalesce(sum(quantity), 0)::bigint FROM taken) AS minted,
       (SELECT count(*) FROM born) AS tokens,
       (
         SELECT jsonb_object_agg(lowest.collection_id, lowest.block_number)
           FROM (
                  SELECT collection_id,
                         min(block_number) AS block_number
                    FROM doubted
                   GROUP BY collection_id
                ) AS lowest
       ) AS doubted;

-- name: undo :one
-- Mints that are not in the chain any more are orphaned, with their tokens that nobody reveals; returns
-- how many, and how many of them had counted as final.
WITH gone AS MATERIALIZED (
  SELECT id,
         status
    FROM mint_events
   WHERE id = ANY (%(ids)s::uuid[])
     AND status IN ('pending', 'confirmed')
   ORDER BY id
     FOR NO KEY UPDATE
), undone AS (
  UPDATE mint_events
     SET status = 'orphaned',
         is_read = false,
         updated_at = now()
    FROM gone
   WHERE mint_events.id = gone.id
), orphans AS (
  UPDATE tokens
     SET status = 'orphaned',
         updated_at = now()
    FROM gone
   WHERE tokens.mint_event_id = gone.id
     AND tokens.status IN ('detected', 'generating', 'uploading', 'ready', 'failed')
     AND tokens.reveal_id IS NULL
)
SELECT count(*) AS mints,
       count(*) FILTER (WHERE status = 'confirmed') AS final
  FROM gone;

-- name: read :many
-- Mints that were known, and now are read in the chain: perhaps in another block, and perhaps again.
-- Returns those about which anything was new.
WITH told AS MATERIALIZED (
  SELECT mint.*
    FROM jsonb_to_recordset(%(mints)s::jsonb) AS mint (
           collection_id uuid,
           tx_hash text,
           log_index integer,
           block_number bigint,
           block_hash text,
           block_time timestamptz
         )
)
UPDATE mint_events AS known
   SET block_number = told.block_number,
       block_hash = told.block_hash,
       block_time = coalesce(told.block_time, known.block_time),
       status = CASE WHEN known.status = 'orphaned' THEN 'pending' ELSE known.status END,
       is_read = true,
       updated_at = now()
  FROM told
 WHERE known.id = ANY (
         ARRAY(
           SELECT changed.id
             FROM told AS each
            CROSS JOIN LATERAL (
                    SELECT mint.id
                      FROM mint_events AS mint
                     WHERE mint.collection_id = each.collection_id
                       AND mint.tx_hash = each.tx_hash
                       AND mint.log_index = each.log_index
                       AND (
                             NOT mint.is_read
                             OR mint.status = 'orphaned'
                             OR mint.block_hash <> each.block_hash
                           )
                     LIMIT 1
                  ) AS changed
         )
       )
   AND known.collection_id = told.collection_id
   AND known.tx_hash = told.tx_hash
   AND known.log_index = told.log_index
RETURNING known.id;

-- name: incomplete :many
-- Those of the mints that were read of a collection whose tokens are not all theirs: another mint had
-- them, or has them still.
SELECT mint.id
  FROM mint_events AS mint
 WHERE mint.collection_id = %(collection_id)s
   AND mint.block_number BETWEEN %(from_block)s AND %(to_block)s
   AND mint.status IN ('pending', 'confirmed')
   AND mint.is_read
   AND mint.quantity > (
         SELECT count(*)
           FROM tokens
          WHERE tokens.mint_event_id = mint.id
            AND tokens.status <> 'orphaned'
       );

-- name: holders :many
-- The other mints that still have tokens of some.
SELECT DISTINCT other.id
  FROM mint_events AS mint
  JOIN tokens
    ON tokens.collection_id = mint.collection_id
   AND tokens.token_id BETWEEN mint.start_token_id AND mint.start_token_id + mint.quantity - 1
   AND tokens.mint_event_id <> mint.id
  JOIN mint_events AS other
    ON other.id = tokens.mint_event_id
   AND other.status IN ('pending', 'confirmed')
 WHERE mint.id = ANY (%(ids)s::uuid[]);

-- name: give_tokens :exec
-- Gives some mints the tokens that are theirs. Those that were orphaned begin again, with the picture
-- that they have if it is of the same author; one that is revealed stays as the chain has it.
UPDATE tokens
   SET mint_event_id = mint.id,
       author_id = mint.author_id,
       status = CASE WHEN held.is_orphaned THEN 'detected' ELSE tokens.status END,
       image_cid = CASE WHEN held.keeps_picture THEN tokens.image_cid END,
       image_type = CASE WHEN held.keeps_picture THEN tokens.image_type END,
       metadata_cid = CASE WHEN held.keeps_picture THEN tokens.metadata_cid END,
       prompt_sha256 = CASE WHEN held.keeps_picture THEN tokens.prompt_sha256 END,
       is_fallback = held.keeps_picture AND tokens.is_fallback,
       ready_at = CASE WHEN NOT held.is_orphaned THEN tokens.ready_at END,
       error = NULL,
       error_code = NULL,
       minted_at = coalesce(mint.block_time, tokens.minted_at),
       updated_at = now()
  FROM mint_events AS mint
 CROSS JOIN LATERAL (
         SELECT token.id,
                token.status = 'orphaned' AS is_orphaned,
                token.status <> 'orphaned' OR token.author_id = mint.author_id AS keeps_picture
           FROM tokens AS token
          WHERE token.collection_id = mint.collection_id
            AND token.token_id BETWEEN mint.start_token_id AND mint.start_token_id + mint.quantity - 1
            AND (token.mint_event_id <> mint.id OR token.status = 'orphaned')
       ) AS held
 WHERE mint.id = ANY (%(ids)s::uuid[])
   AND tokens.id = held.id;

-- name: confirm :exec
-- Mints that were read and are deep enough in the chain count from now on; returns how many.
UPDATE mint_events
   SET status = 'confirmed',
       updated_at = now()
 WHERE collection_id = %(collection_id)s
   AND status = 'pending'
   AND is_read
   AND block_number <= %(deep_block)s;

