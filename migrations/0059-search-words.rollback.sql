DROP INDEX tags_by_trigrams;
DROP INDEX search_entries_by_words;

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

CALL unite_views('searchable');

CREATE OR REPLACE FUNCTION search_hit(config regconfig, body text, hits tsquery)
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

CREATE OR REPLACE FUNCTION search_table_hit(of_table uuid, config regconfig, hits tsquery)
RETURNS TABLE (page integer, shown text)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  most_parsed CONSTANT integer := 100;
  most_shown CONSTANT integer := 4000;
  roots text[] := ARRAY(
    SELECT left(replace(found.stem[1], $q$''$q$, $q$'$q$), greatest(length(found.stem[1]) - 2, 3))
      FROM regexp_matches(hits::text, $q$'((?:[^']|'')+)'$q$, 'g') AS found (stem)
  );
  likely record;
BEGIN
  FOR likely IN
    SELECT line.page, line.text
      FROM (
             SELECT answer.number,
                    answer.page,
                    left(array_to_string(answer.texts, ' · '), most_shown) AS text
               FROM row_answers(of_table) AS answer
              WHERE answer.number <= 10000
           ) AS line
     WHERE EXISTS (SELECT FROM unnest(roots) AS root WHERE strpos(lower(line.text), root) > 0)
     ORDER BY line.number
     LIMIT most_parsed
  LOOP
    IF to_tsvector(config, search_text(likely.text)) @@ hits THEN
      page := likely.page;
      shown := likely.text;
      RETURN NEXT;
      RETURN;
    END IF;
  END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION search_vector(entry searchable, volume search_volumes)
RETURNS tsvector
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  config CONSTANT regconfig := entry.config;
  -- One of our lexemes separates the fields, so that no phrase spans two of them.
  gap CONSTANT tsvector := $q$' ':9$q$;
  shelf CONSTANT text := ' p:' || volume.shelf || ':';
  words CONSTANT text[] := search_words_of(
    concat_ws(' ', entry.title, entry.summary, entry.origin, left(entry.body, 500))
  );
BEGIN
  RETURN setweight(to_tsvector(config, search_text(entry.title)), 'A')
         || gap
         || setweight(to_tsvector(config, search_text(entry.summary)), 'C')
         || gap
         || setweight(to_tsvector(config, search_text(entry.origin)), 'C')
         || gap
         || coalesce(entry.words, to_tsvector(config, search_beginning(search_text(entry.body))))
         || array_to_tsvector(
              search_place(volume, entry.status)
              || ARRAY[' y:' || entry.type, ' y:' || entry.kind]
              || array_remove(entry.facets, NULL)
              || ARRAY(SELECT shelf || word FROM unnest(words) AS word)
            )
         || search_tags(entry.tag_ids);
END
$$;

CREATE OR REPLACE FUNCTION search_long(config regconfig, body text)
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

CREATE OR REPLACE FUNCTION search_words_of(given text)
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
DECLARE
  words CONSTANT text[] := tsvector_to_array(to_tsvector('simple', search_text(given)));
BEGIN
  IF length(given) <= 60 THEN
    RETURN words;
  END IF;
  RETURN ARRAY(SELECT word FROM unnest(words) AS word WHERE length(word) <= 60);
END
$$;

CREATE OR REPLACE FUNCTION search_parted(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN regexp_replace(
  translate(given, U&'\E000\E001', ''),
  search_signs(),
  E'\x02\\&\x02',
  'g'
);

CREATE OR REPLACE FUNCTION search_text(given text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  normal text := coalesce(given, '');
BEGIN
  IF normal IS NOT NFKC NORMALIZED THEN
    SELECT string_agg(normalize(substr(given, place, 1000), NFKC), '' ORDER BY place)
      INTO normal
      FROM generate_series(1, length(given), 1000) AS place;
  END IF;
  RETURN regexp_replace(public.lower_case(normal), public.search_signs(), ' ', 'g');
END
$$;

CREATE OR REPLACE FUNCTION search_signs()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[<>\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf'
  || '\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ue000-\uf8ff\ufe10-\ufe6f\ufeff]';

DROP FUNCTION search_sites(text);
DROP FUNCTION search_address(text);
DROP FUNCTION search_stems(regconfig, text);
DROP FUNCTION search_name(text);
DROP FUNCTION search_pairs(text, text, text);
DROP FUNCTION search_letters();
DROP FUNCTION search_unaccented(text);
DROP FUNCTION search_accents();
DROP FUNCTION search_plain(regconfig);

DO $$
DECLARE
  language text;
BEGIN
  FOR language IN
    SELECT cfgname
      FROM pg_ts_config
     WHERE starts_with(cfgname, 'plain_')
  LOOP
    EXECUTE format('DROP TEXT SEARCH CONFIGURATION %I', language);
  END LOOP;
END
$$;

DROP EXTENSION unaccent;

UPDATE document_texts AS text
   SET words = search_long(search_config(document.language)::regconfig, text.text)
  FROM documents AS document
  JOIN document_versions AS version
    ON version.document_id = document.id
 WHERE version.id = text.version_id;

UPDATE table_texts
   SET words = search_long(config::regconfig, cell_texts(id));

UPDATE search_entries AS entry
   SET vector = search_vector(thing, standing)
  FROM searchable AS thing,
       search_volumes AS standing
 WHERE thing.id = entry.id
   AND standing.id = entry.volume;

DELETE FROM search_words;

INSERT INTO search_words (workspace_id, audience, word)
SELECT DISTINCT
       thing.workspace_id,
       thing.audience,
       word
  FROM searchable AS thing
 CROSS JOIN unnest(search_words_of(concat_ws(' ', thing.title, thing.summary))) AS word
 WHERE length(word) >= 4
   AND word !~ '^[0-9]+$';

CREATE INDEX search_entries_by_words
    ON search_entries
 USING gin (vector) WITH (gin_pending_list_limit = 512);

CREATE INDEX tags_by_trigrams ON tags USING gin (workspace_id, search_text(name) gin_trgm_ops);
