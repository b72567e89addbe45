-- Search: facets of one noun's own, and long texts to their end.
--
-- The views of things get two more columns. `facets` are lexemes of our own: ' c:invoice' for a category,
-- folded, and ' f:<id>' for the folder it is in. `words` is the vector of a text that is too long to be
-- parsed at each change; null if the vector is made from `body`.

CREATE OR REPLACE VIEW searchable_items
WITH (security_invoker = true)
AS
SELECT item.id,
       'item' AS type,
       item.workspace_id,
       item.workspace_id AS audience,
       item.source_type AS kind,
       item.status,
       search_config(item.language) AS config,
       coalesce(item.title, left(btrim(item.raw_text), 60), item.source_url) AS title,
       item.summary,
       concat_ws(' ', item.author, item.source_url) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at,
       '{}'::text[] AS facets,
       NULL::tsvector AS words
  FROM items AS item;

CREATE OR REPLACE VIEW searchable_tasks
WITH (security_invoker = true)
AS
SELECT task.id,
       'task' AS type,
       task.workspace_id,
       task.user_id AS audience,
       'task' AS kind,
       task.status,
       'simple' AS config,
       task.title,
       NULL AS summary,
       NULL AS origin,
       task.description AS body,
       NULL AS source_url,
       ARRAY(SELECT tag_id FROM task_tags WHERE task_tags.task_id = task.id) AS tag_ids,
       task.created_at,
       '{}'::text[] AS facets,
       NULL::tsvector AS words
  FROM tasks AS task;

CALL unite_views('searchable');

-- The vector of a long text: its beginning, and the words of the rest without their places, so that
-- phrases are only found in the beginning. A vector holds a megabyte: of a text with too many different
-- words, the end is left out.
CREATE FUNCTION search_long(config regconfig, body text)
RETURNS tsvector
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  whole text := search_text(body);
  beginning text := search_beginning(whole);
  most integer := length(whole) - length(beginning);
BEGIN
  LOOP
    BEGIN
      RETURN to_tsvector(config, beginning)
             || strip(to_tsvector(config, substr(whole, length(beginning) + 1, most)));
    EXCEPTION
      WHEN program_limit_exceeded THEN
        most := most / 2;
    END;
  END LOOP;
END
$$;

-- The vector of a thing in a volume.
CREATE OR REPLACE FUNCTION search_vector(entry searchable, volume search_volumes)
RETURNS tsvector
LANGUAGE sql
STABLE
AS $$
  SELECT setweight(to_tsvector(entry.config::regconfig, search_text(entry.title)), 'A')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.summary)), 'C')
         || gap.lexeme
         || setweight(to_tsvector(entry.config::regconfig, search_text(entry.origin)), 'C')
         || gap.lexeme
         || coalesce(
              entry.words,
              to_tsvector(entry.config::regconfig, search_beginning(search_text(entry.body)))
            )
         || array_to_tsvector(
              search_place(volume, entry.status)
              || ARRAY[' y:' || entry.type, ' y:' || entry.kind]
              || ARRAY(SELECT facet FROM unnest(entry.facets) AS facet WHERE facet IS NOT NULL)
              || ARRAY(
                   SELECT ' p:' || volume.shelf || ':' || word
                     FROM unnest(
                            search_words_of(
                              concat_ws(
                                ' ', entry.title, entry.summary, entry.origin, left(entry.body, 500)
                              )
                            )
                          ) AS word
                 )
            )
         || search_tags(entry.tag_ids)
         -- One of our lexemes separates the fields, so that no phrase spans two of them.
    FROM (SELECT $q$' ':9$q$::tsvector AS lexeme) AS gap
$$;

-- The first page of a text that has a hit, and what of the page to show: 600 characters from shortly
-- before the hit, since a snippet costs as much as the text that it is taken from is long. No row if none
-- of the first pages that seem to have one has one: words are looked for by their stems without the
-- endings, which reads a long book in milliseconds, and only what is around the first one on a page is
-- parsed, and if that is none, the page, of which up to 4,000 characters are shown then.
CREATE FUNCTION search_hit(config regconfig, body text, hits tsquery)
RETURNS TABLE (page integer, shown text)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
DECLARE
  most_parsed CONSTANT integer := 100;
  around_hit CONSTANT integer := 100;
  before_hit CONSTANT integer := 200;
  shown_around CONSTANT integer := 600;
  before_likely CONSTANT integer := 1000;
  most_shown CONSTANT integer := 4000;
  roots CONSTANT text[] := ARRAY(
    SELECT left(replace(found.stem[1], $q$''$q$, $q$'$q$), greatest(length(found.stem[1]) - 2, 3))
      FROM regexp_matches(hits::text, $q$'((?:[^']|'')+)'$q$, 'g') AS found (stem)
  );
  parsed integer := 0;
  page_text text;
  folded text;
  place integer;
BEGIN
  page := 0;
  FOREACH page_text IN ARRAY coalesce(string_to_array(body, E'\f'), '{}') LOOP
    page := page + 1;
    folded := lower(page_text);
    place := (SELECT min(nullif(strpos(folded, root), 0)) FROM unnest(roots) AS root);
    CONTINUE WHEN place IS NULL;
    EXIT WHEN parsed = most_parsed;
    parsed := parsed + 1;
    IF to_tsvector(
         config,
         search_text(substr(page_text, greatest(place - around_hit, 1), 2 * around_hit))
       ) @@ hits
    THEN
      shown := substr(page_text, greatest(place - before_hit, 1), shown_around);
      RETURN NEXT;
      RETURN;
    END IF;
    shown := CASE
      WHEN length(page_text) <= most_shown THEN page_text
      ELSE substr(page_text, greatest(place - before_likely, 1), most_shown)
    END;
    IF to_tsvector(config, search_text(shown)) @@ hits THEN
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
END
$$;
