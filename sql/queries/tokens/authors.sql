-- name: find :one
-- What everybody may know of a wallet as an author of a collection, whether it is one or not; what its
-- signatures are bound to, and what time it is.
SELECT collection.id AS collection_id,
       collection.chain_id,
       collection.contract,
       author.id,
       author.prompt_text IS NOT NULL AS has_prompt,
       coalesce(author.prompt_version, 0) AS prompt_version,
       author.twitter_handle,
       author.farcaster_handle,
       (
         SELECT count(*)
           FROM tokens AS token
          WHERE token.collection_id = collection.id
            AND token.author_id = author.id
            AND token.status <> 'orphaned'
       ) AS tokens,
       now() AS asked_at
  FROM collections AS collection
  LEFT JOIN authors AS author
    ON author.collection_id = collection.id
   AND author.wallet = %(wallet)s
 WHERE collection.id = %(collection_id)s;

-- name: set_prompt :maybe
-- Sets the prompt of a wallet, which becomes an author if it is none yet; its version. No row if it has a
-- prompt of another version than the one before.
INSERT INTO authors AS author
  (workspace_id, collection_id, wallet, prompt_text, prompt_version, prompt_set_at)
SELECT workspace_id,
       id,
       %(wallet)s,
       %(prompt_text)s,
       %(version)s,
       now()
  FROM collections
 WHERE id = %(collection_id)s
ON CONFLICT ON CONSTRAINT authors_wallet_is_known_once
DO UPDATE
      SET prompt_text = EXCLUDED.prompt_text,
          prompt_version = EXCLUDED.prompt_version,
          prompt_set_at = now()
    WHERE author.prompt_version = %(version)s - 1
RETURNING prompt_version;

-- name: list_leading :many
-- The authors of a collection with the most tokens, at most fifty; of those with as many, the lowest
-- addresses first.
WITH counted AS MATERIALIZED (
  SELECT author_id,
         count(*) AS total_tokens
    FROM tokens
   WHERE collection_id = %(collection_id)s
     AND status <> 'orphaned'
   GROUP BY author_id
)
SELECT author.wallet AS author_address,
       counted.total_tokens
  FROM counted
  JOIN authors AS author
    ON author.id = counted.author_id
 ORDER BY counted.total_tokens DESC,
          lower(author.wallet)
 LIMIT 50;
