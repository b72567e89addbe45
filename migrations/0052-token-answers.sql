-- What responses show of collections and tokens.

-- A workspace's collections as responses show them.
CREATE FUNCTION collection_answers(of_workspace uuid)
RETURNS TABLE (
  id                   uuid,
  chain_id             bigint,
  contract             text,
  name_template        text,
  description          text,
  default_prompt       text,
  fallback_prompt      text,
  keeper               text,
  is_public            boolean,
  status               text,
  pause_reason         text,
  start_block          bigint,
  next_block           bigint,
  head_block           bigint,
  mint_confirmations   integer,
  reveal_confirmations integer,
  watch_error          text,
  watched_at           timestamptz,
  created_at           timestamptz,
  updated_at           timestamptz
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT id,
         chain_id,
         contract,
         name_template,
         description,
         default_prompt,
         fallback_prompt,
         keeper,
         is_public,
         status,
         pause_reason,
         start_block,
         next_block,
         head_block,
         mint_confirmations,
         reveal_confirmations,
         watch_error,
         watched_at,
         created_at,
         updated_at
    FROM collections
   WHERE workspace_id = of_workspace
$$;

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
