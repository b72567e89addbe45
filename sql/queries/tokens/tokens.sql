-- name: list_of_workspace :many
-- Tokens of a workspace, those minted last first: of all its collections or one, of all statuses or one.
-- The first of each collection and status are read, and of these the page is taken.
WITH listed AS (
  SELECT found.id,
         found.minted_at
    FROM collections AS collection
   CROSS JOIN unnest(%(statuses)s::text[]) AS wanted (status)
   CROSS JOIN LATERAL (
           SELECT token.id,
                  token.minted_at
             FROM tokens AS token
            WHERE token.collection_id = collection.id
              AND token.status = wanted.status
              AND (token.minted_at, token.id) < (%(after_time)s::timestamptz, %(after_id)s::uuid)
            ORDER BY token.minted_at DESC,
                     token.id DESC
            LIMIT %(limit)s
         ) AS found
   WHERE collection.workspace_id = %(workspace_id)s
     AND (%(collection_id)s::uuid IS NULL OR collection.id = %(collection_id)s)
   ORDER BY found.minted_at DESC,
            found.id DESC
   LIMIT %(limit)s
)
SELECT token.*,
       listed.minted_at || ' ' || listed.id AS position
  FROM listed
  JOIN token_briefs(%(workspace_id)s) AS token
    ON token.id = listed.id
 ORDER BY listed.minted_at DESC,
          listed.id DESC;

-- name: list_of_author :many
-- The same of those tokens whose author is a wallet.
WITH listed AS (
  SELECT found.id,
         found.minted_at
    FROM collections AS collection
    JOIN authors AS author
      ON author.collection_id = collection.id
     AND author.wallet = %(author)s
   CROSS JOIN LATERAL (
           SELECT token.id,
                  token.minted_at
             FROM tokens AS token
            WHERE token.author_id = author.id
              AND token.status = ANY (%(statuses)s::text[])
              AND (token.minted_at, token.id) < (%(after_time)s::timestamptz, %(after_id)s::uuid)
            ORDER BY token.minted_at DESC,
                     token.id DESC
            LIMIT %(limit)s
         ) AS found
   WHERE collection.workspace_id = %(workspace_id)s
     AND (%(collection_id)s::uuid IS NULL OR collection.id = %(collection_id)s)
   ORDER BY found.minted_at DESC,
            found.id DESC
   LIMIT %(limit)s
)
SELECT token.*,
       listed.minted_at || ' ' || listed.id AS position
  FROM listed
  JOIN token_briefs(%(workspace_id)s) AS token
    ON token.id = listed.id
 ORDER BY listed.minted_at DESC,
          listed.id DESC;

-- name: get :one
-- A token with its mint and its reveal.
SELECT token.*,
       collection.chain_id,
       collection.contract,
       replace(collection.name_template, '{n}', token.token_id::text) AS name,
       jsonb_build_object(
         'status', mint.status,
         'tx_hash', mint.tx_hash,
         'block_number', mint.block_number,
         'minter', mint.minter
       ) AS mint,
       CASE
         WHEN reveal.id IS NOT NULL THEN jsonb_build_object(
           'id', reveal.id,
           'status', reveal.status,
           'tx_hash', coalesce(
             reveal.mined_tx_hash,
             (
               SELECT attempt.tx_hash
                 FROM reveal_attempts AS attempt
                WHERE attempt.reveal_id = reveal.id
                ORDER BY attempt.number DESC
                LIMIT 1
             )
           ),
           'block_number', reveal.mined_block
         )
       END AS reveal
  FROM token_briefs(%(workspace_id)s) AS token
  JOIN tokens AS kept
    ON kept.id = token.id
  JOIN collections AS collection
    ON collection.id = token.collection_id
  JOIN mint_events AS mint
    ON mint.id = kept.mint_event_id
  LEFT JOIN reveal_transactions AS reveal
    ON reveal.id = token.reveal_id
 WHERE token.id = %(id)s;

-- name: exists :value
-- The id of a token; no row if the workspace has no such token.
SELECT id
  FROM tokens
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: count_by_status :many
-- How many tokens of a workspace's collections, or of one of them, have each status, and when the first of
-- these was minted.
SELECT wanted.status,
       sum(found.tokens)::bigint AS tokens,
       min(found.minted_at) AS minted_at
  FROM collections AS collection
 CROSS JOIN unnest(%(statuses)s::text[]) AS wanted (status)
 CROSS JOIN LATERAL (
         SELECT count(*) AS tokens,
                min(token.minted_at) AS minted_at
           FROM tokens AS token
          WHERE token.collection_id = collection.id
            AND token.status = wanted.status
       ) AS found
 WHERE collection.workspace_id = %(workspace_id)s
   AND (%(collection_id)s::uuid IS NULL OR collection.id = %(collection_id)s)
 GROUP BY wanted.status;

-- name: hold_work :many
-- Locks the queued work of tokens until the transaction ends. Workers lock it before the tokens, and so does
-- whoever queues it anew.
SELECT kind, subject_id
  FROM outbox
 WHERE kind IN ('generate_images', 'upload_to_ipfs')
   AND subject_id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY kind,
          subject_id
   FOR UPDATE;

-- name: retry :value
-- Begins again with a token that has failed; its id, or no row if the workspace has no such token. The
-- database refuses it for any other token.
UPDATE tokens
   SET status = next_status('token', status, 'retry'),
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: lock_many :many
-- Locks those of some ids that are a workspace's tokens until the transaction ends. In id order, so that two
-- requests never deadlock.
SELECT id
  FROM tokens
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: retry_many :many
-- Begins again with those of some tokens that have failed; their ids.
UPDATE tokens
   SET status = 'detected',
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
   AND status = 'failed'
RETURNING id;

-- name: list_public :many
-- The tokens of a collection as everybody sees them, the highest numbers first.
SELECT collection_id,
       token_id,
       author,
       status,
       image_cid,
       metadata_cid,
       minted_at,
       revealed_at,
       token_id AS position
  FROM public_token_answers(%(collection_id)s)
 WHERE token_id < coalesce(%(after)s, 9223372036854775807)
 ORDER BY token_id DESC
 LIMIT %(limit)s;

-- name: list_public_of_author :many
-- The tokens of an author of a collection as everybody sees them, those minted last first.
SELECT collection_id,
       token_id,
       author,
       status,
       image_cid,
       metadata_cid,
       minted_at,
       revealed_at,
       minted_at || ' ' || id AS position
  FROM public_token_answers(%(collection_id)s)
 WHERE author_id = %(author_id)s
   AND (minted_at, id) < (%(after_time)s::timestamptz, %(after_id)s::uuid)
 ORDER BY minted_at DESC,
          id DESC
 LIMIT %(limit)s;

-- name: get_public :one
-- A token of a collection as everybody sees it.
SELECT collection_id,
       token_id,
       author,
       status,
       image_cid,
       metadata_cid,
       minted_at,
       revealed_at
  FROM public_token_answers(%(collection_id)s)
 WHERE token_id = %(token_id)s;

-- name: get_public_metadata :one
-- The metadata of a token of a collection that is revealed, as it is in IPFS.
SELECT file.cid,
       file.media_type,
       file.bytes
  FROM tokens AS token
  JOIN ipfs_files AS file
    ON file.cid = token.metadata_cid
   AND file.workspace_id = token.workspace_id
 WHERE token.collection_id = %(collection_id)s
   AND token.token_id = %(token_id)s
   AND token.status = 'revealed';
