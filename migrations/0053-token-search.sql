-- Search: authors are found by their wallets and handles, tokens by their names and their author's wallet.

-- What of a token is found; `id` is the token's. Only a token that is at rest has a row, `revealed` or
-- `failed`: on its way there it changes five times within seconds, and each change would be one of the
-- index.
CREATE TABLE token_texts (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  status       text        NOT NULL,
  name         text        NOT NULL,
  wallet       text        NOT NULL,
  minted_at    timestamptz NOT NULL,
  CONSTRAINT token_texts_pkey PRIMARY KEY (id),
  CONSTRAINT token_texts_token_exists FOREIGN KEY (id) REFERENCES tokens (id) ON DELETE CASCADE
);

CREATE INDEX token_texts_by_workspace ON token_texts (workspace_id);

CREATE VIEW searchable_token_texts
WITH (security_invoker = true)
AS
SELECT found.id,
       'token' AS type,
       found.workspace_id,
       found.workspace_id AS audience,
       'token' AS kind,
       found.status,
       'simple' AS config,
       found.name AS title,
       NULL::text AS summary,
       found.wallet AS origin,
       NULL::text AS body,
       NULL::text AS source_url,
       '{}'::uuid[] AS tag_ids,
       found.minted_at AS created_at,
       '{}'::text[] AS facets,
       NULL::tsvector AS words
  FROM token_texts AS found;

CALL make_searchable('token_texts');

-- A prompt is never shown, so nothing is found by it.
CREATE VIEW searchable_authors
WITH (security_invoker = true)
AS
SELECT author.id,
       'author' AS type,
       author.workspace_id,
       author.workspace_id AS audience,
       'author' AS kind,
       'ready' AS status,
       'simple' AS config,
       coalesce('@' || author.twitter_handle, '@' || author.farcaster_handle, author.wallet) AS title,
       NULL::text AS summary,
       concat_ws(' ', author.wallet, author.twitter_handle, author.farcaster_handle) AS origin,
       NULL::text AS body,
       NULL::text AS source_url,
       '{}'::uuid[] AS tag_ids,
       author.created_at,
       '{}'::text[] AS facets,
       NULL::tsvector AS words
  FROM authors AS author;

CALL make_searchable('authors');

CREATE FUNCTION find_token_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO token_texts (id, workspace_id, status, name, wallet, minted_at)
  SELECT NEW.id,
         NEW.workspace_id,
         NEW.status,
         replace(collection.name_template, '{n}', NEW.token_id::text),
         author.wallet,
         NEW.minted_at
    FROM collections AS collection
    JOIN authors AS author
      ON author.id = NEW.author_id
   WHERE collection.id = NEW.collection_id;
  RETURN NULL;
END
$$;

CREATE FUNCTION lose_token_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  DELETE FROM token_texts
   WHERE id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER tokens_at_rest_enter_search
  AFTER UPDATE ON tokens
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status IN ('revealed', 'failed'))
  EXECUTE FUNCTION find_token_in_search();

CREATE TRIGGER tokens_that_go_on_leave_search
  AFTER UPDATE ON tokens
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND OLD.status IN ('revealed', 'failed'))
  EXECUTE FUNCTION lose_token_in_search();
