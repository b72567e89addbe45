DROP TRIGGER authors_enter_search ON authors;
DROP TRIGGER authors_refresh_search ON authors;
DROP TRIGGER authors_leave_search ON authors;
DROP TRIGGER tokens_at_rest_enter_search ON tokens;
DROP TRIGGER tokens_at_rest_refresh_search ON tokens;
DROP TRIGGER tokens_that_go_on_leave_search ON tokens;
DROP TRIGGER tokens_that_are_gone_leave_search ON tokens;
DROP FUNCTION enter_token_in_search;

DO $$
DECLARE
  gone search_entries;
BEGIN
  FOR gone IN
    SELECT entry.*
      FROM search_entries AS entry
     WHERE EXISTS (SELECT FROM authors WHERE authors.id = entry.id)
        OR EXISTS (SELECT FROM tokens WHERE tokens.id = entry.id)
  LOOP
    DELETE FROM search_entries WHERE id = gone.id;
    PERFORM search_forget(gone.workspace_id, gone.audience, search_words_in(gone.vector));
  END LOOP;
END
$$;

CALL unite_views('searchable', leaving => 'searchable_authors');
DROP VIEW searchable_authors;
CALL unite_views('searchable', leaving => 'searchable_tokens');
DROP VIEW searchable_tokens;
