-- What responses show of tokens.

-- A workspace's tokens in lists.
CREATE FUNCTION token_briefs(of_workspace uuid)
RETURNS TABLE (
  id            uuid,
  collection_id uuid,
  token_id      bigint,
  author        text,
  status        text,
  is_fallback   boolean,
  image_cid     text,
  metadata_cid  text,
  reveal_id     uuid,
  error         text,
  error_code    text,
  minted_at     timestamptz,
  ready_at      timestamptz,
  revealed_at   timestamptz,
  updated_at    timestamptz
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT token.id,
         token.collection_id,
         token.token_id,
         author.wallet,
         token.status,
         token.is_fallback,
         token.image_cid,
         token.metadata_cid,
         token.reveal_id,
         token.error,
         token.error_code,
         token.minted_at,
         token.ready_at,
         token.revealed_at,
         token.updated_at
    FROM tokens AS token
    JOIN authors AS author
      ON author.id = token.author_id
   WHERE token.workspace_id = of_workspace
$$;

-- What everybody may see of a collection's tokens: what a token shows is a surprise until it is revealed.
CREATE FUNCTION public_token_answers(of_collection uuid)
RETURNS TABLE (
  collection_id uuid,
  token_id      bigint,
  author        text,
  status        text,
  image_cid     text,
  metadata_cid  text,
  minted_at     timestamptz,
  revealed_at   timestamptz,
  id            uuid,
  author_id     uuid
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT token.collection_id,
         token.token_id,
         author.wallet,
         token.status,
         CASE token.status WHEN 'revealed' THEN token.image_cid END,
         CASE token.status WHEN 'revealed' THEN token.metadata_cid END,
         token.minted_at,
         token.revealed_at,
         token.id,
         token.author_id
    FROM tokens AS token
    JOIN authors AS author
      ON author.id = token.author_id
   WHERE token.collection_id = of_collection
     AND token.status <> 'orphaned'
$$;
