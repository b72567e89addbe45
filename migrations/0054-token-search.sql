-- Search: authors are found by their wallets and handles, tokens by their names and their author's wallet.

-- A token is found once it is at rest, `revealed` or `failed`: on its way there it changes five times within
-- seconds, and each change would be one of the index.
CREATE VIEW searchable_tokens
WITH (security_invoker = true)
AS
SELECT token.id,
       'token' AS type,
       token.workspace_id,
       token.workspace_id AS audience,
       'token' AS kind,
       token.status,
       'simple' AS config,
       replace(collection.name_template, '{n}', token.token_id::text) AS title,
       NULL::text AS summary,
       author.wallet AS origin,
       NULL::text AS body,
       NULL::text AS source_url,
       '{}'::uuid[] AS tag_ids,
       token.minted_at AS created_at,
       '{}'::text[] AS facets,
       NULL::tsvector AS words
  FROM tokens AS token
  JOIN collections AS collection
    ON collection.id = token.collection_id
  JOIN authors AS author
    ON author.id = token.author_id
 WHERE token.status IN ('revealed', 'failed');

CALL unite_views('searchable');

-- Read from its own view: to look it up among everything that can be found would cost as much again as all
-- the rest.
CREATE FUNCTION enter_token_in_search()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
BEGIN
  SELECT *
    INTO entry
    FROM searchable_tokens
   WHERE id = NEW.id;
  PERFORM search_enter(entry);
  RETURN NULL;
END
$$;

CREATE TRIGGER tokens_at_rest_enter_search
  AFTER UPDATE ON tokens
  FOR EACH ROW
  WHEN (OLD.status NOT IN ('revealed', 'failed') AND NEW.status IN ('revealed', 'failed'))
  EXECUTE FUNCTION enter_token_in_search();

-- A token that is at rest may turn out to be another author's, where the chain has changed.
CREATE TRIGGER tokens_at_rest_refresh_search
  AFTER UPDATE ON tokens
  FOR EACH ROW
  WHEN (
    OLD.status IN ('revealed', 'failed')
    AND NEW.status IN ('revealed', 'failed')
    AND (OLD.status, OLD.author_id) <> (NEW.status, NEW.author_id)
  )
  EXECUTE FUNCTION refresh_search();

CREATE TRIGGER tokens_that_go_on_leave_search
  AFTER UPDATE ON tokens
  FOR EACH ROW
  WHEN (OLD.status IN ('revealed', 'failed') AND NEW.status NOT IN ('revealed', 'failed'))
  EXECUTE FUNCTION leave_search();

CREATE TRIGGER tokens_that_are_gone_leave_search
  AFTER DELETE ON tokens
  FOR EACH ROW
  WHEN (OLD.status IN ('revealed', 'failed'))
  EXECUTE FUNCTION leave_search();

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
