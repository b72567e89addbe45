-- Search: words of addresses, numbers after hyphens, signs that belong to a word, words within texts without
-- spaces, and words without their accents.
--
-- A text is prepared once, by `search_text`, before PostgreSQL's parser sees it, and a query by the same
-- function: so the parser meets nothing but words and numbers with spaces between, and never takes
-- `github.com/acme/rocket` for a host and a path, or `-12345` in `CVE-2024-12345` for a negative number.
--
-- Vectors get more of our own lexemes:
--
--   ' a:uber'         a stem without its accents (`über`), at the same positions; only where that is another one
--   ' h:example.com'  the host of its address without `www.`, and each domain that contains it

CREATE EXTENSION IF NOT EXISTS unaccent;

-- For each configuration one that takes the accents off first: `plain_german` for `german`.
DO $$
DECLARE
  language text;
BEGIN
  FOR language IN
    SELECT cfgname
      FROM pg_ts_config
     WHERE cfgnamespace = 'pg_catalog'::regnamespace
     ORDER BY cfgname
  LOOP
    EXECUTE format(
      'CREATE TEXT SEARCH CONFIGURATION %I (COPY = pg_catalog.%I)', 'plain_' || language, language
    );
    EXECUTE format(
      'ALTER TEXT SEARCH CONFIGURATION %I ALTER MAPPING FOR word, hword, hword_part WITH unaccent, %I',
      'plain_' || language,
      CASE language WHEN 'simple' THEN 'simple' ELSE language || '_stem' END
    );
  END LOOP;
END
$$;

-- The configuration that takes the accents off first.
CREATE FUNCTION search_plain(config regconfig)
RETURNS regconfig
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN ('plain_' || config::text)::regconfig;

-- The letters that lose something with their accents, as a regular expression.
CREATE FUNCTION search_accents()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[\u00df-\u02af\u0300-\u03ff\u0451\u1d00-\u1fff\u2c60-\u2c7f\ua720-\ua7ff]';

-- A text without its accents. An index uses it, as `search_text`.
CREATE FUNCTION search_unaccented(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN public.unaccent('public.unaccent'::regdictionary, given);

-- The characters that are not part of a word, as a regular expression: ASCII's, and Unicode's punctuation and
-- symbols by block, whatever the server's locale knows about them.
CREATE OR REPLACE FUNCTION search_signs()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[!-/:-@\[-`{-~\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf'
  || '\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u30fb\ue000-\uf8ff\ufe10-\ufe6f\ufeff]';

-- The letters of scripts that put no spaces between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer), and of
-- Korean, which puts them after more than a word, as a regular expression.
CREATE FUNCTION search_letters()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u1000-\u103f\u1780-\u17d3\u3005-\u3007\u3021-\u302f\u3031-\u30fa'
  || '\u30fc-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff'
  || '\U00020000-\U0003ffff]';

-- A text with the runs of these letters as overlapping pairs: `東京都` is `東京 京都`. Every word in a run is one of the
-- pairs, or a phrase of several. `edge` is put around a run, `joint` between its pairs.
CREATE FUNCTION search_pairs(given text, edge text, joint text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  letter CONSTANT text := public.search_letters();
  doubled text;
BEGIN
  IF given !~ letter THEN
    RETURN given;
  END IF;
  -- Each letter twice makes pairs of neighbours, with half a pair at both ends of a run.
  doubled := regexp_replace(
    regexp_replace(given, '(' || letter || '+)', edge || '\1' || edge, 'g'),
    '(' || letter || ')',
    '\1' || joint || '\1',
    'g'
  );
  RETURN regexp_replace(
    regexp_replace(doubled, edge || letter || joint || format('(?=%s(?:%s|%s))', letter, letter, edge), edge, 'g'),
    '(' || letter || '{2})' || joint || letter || edge,
    '\1' || edge,
    'g'
  );
END
$$;

-- A text in the form that is indexed and searched for: lower case, each letter in one encoding, without what
-- nobody sees, signs as spaces unless they belong to a word. Normalized a thousand characters at a time, because
-- the time for ten thousand accents on one letter is quadratic. An index uses it, and while PostgreSQL maintains
-- indexes, it finds only what is named with its schema.
CREATE OR REPLACE FUNCTION search_text(given text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  form text := coalesce(given, '');
  is_ascii CONSTANT boolean := octet_length(form) = length(form);
BEGIN
  IF is_ascii THEN
    form := lower(form COLLATE "C");
  ELSE
    IF form IS NOT NFKC NORMALIZED THEN
      SELECT string_agg(normalize(substr(given, place, 1000), NFKC), '' ORDER BY place)
        INTO form
        FROM generate_series(1, length(given), 1000) AS place;
    END IF;
    form := replace(
      translate(
        public.lower_case(
          regexp_replace(
            form,
            '[\u00ad\u034f\u061c\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]',
            '',
            'g'
          )
        ),
        'ς',
        'σ'
      ),
      U&'i\0307',
      'i'
    );
  END IF;
  -- The scheme of an address says nothing. Of a version, the number is a word: `v1.2`.
  form := replace(replace(form, 'https://', ' '), 'http://', ' ');
  IF form ~ 'v[0-9]' THEN
    form := regexp_replace(form, '\mv(?=[0-9])', 'v ', 'g');
  END IF;
  -- C++, C# and .NET
  form := replace(form, '++', ' plusplus ');
  IF strpos(form, '#') > 0 THEN
    form := regexp_replace(form, '([a-z])#(?![a-z0-9])', '\1 sharp ', 'g');
  END IF;
  IF strpos(' ' || form, ' .') > 0 THEN
    form := regexp_replace(form, '(^| )\.(?=[a-z])', '\1dot ', 'g');
  END IF;
  -- A regular expression finds few signs much sooner than `translate` looks at every letter.
  form := regexp_replace(form, public.search_signs(), ' ', 'g');
  IF is_ascii THEN
    RETURN form;
  END IF;
  RETURN public.search_pairs(form, ' ', ' ');
END
$$;

-- A short text, such as a tag's name, as words without their accents and with one space between.
CREATE FUNCTION search_name(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN btrim(
  regexp_replace(public.search_unaccented(public.search_text(given)), '\s+', ' ', 'g')
);

-- A text as it is shown, in the words by which it is found: each sign between two U+0002, at which the parser ends a
-- word, and the pairs of `search_pairs` with U+0003 between them, after which the last letter comes again. All this
-- is undone before it is shown.
CREATE OR REPLACE FUNCTION search_parted(given text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  visible text := given;
BEGIN
  -- Hardly any text has one of these: to look for them takes a tenth of the time that taking them out does.
  IF given ~ U&'[\E000\E001\0002\0003\00AD\200B\2060\FEFF]' THEN
    visible := translate(given, U&'\E000\E001\0002\0003\00AD\200B\2060\FEFF', '');
  END IF;
  RETURN search_pairs(
    regexp_replace(visible, search_signs(), E'\x02\\&\x02', 'g'),
    E'\x02',
    E'\x03'
  );
END
$$;

-- The stems of a prepared text and, where it has accents, those without them.
CREATE FUNCTION search_stems(config regconfig, prepared text)
RETURNS tsvector
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
DECLARE
  exact CONSTANT tsvector := to_tsvector(config, prepared);
  plain tsvector;
BEGIN
  IF octet_length(prepared) = length(prepared)
     OR prepared !~ search_accents()
  THEN
    RETURN exact;
  END IF;
  plain := ts_delete(to_tsvector(search_plain(config), prepared), tsvector_to_array(exact));
  IF plain = '' THEN
    RETURN exact;
  END IF;
  RETURN (exact::text || replace(' ' || plain::text, ' ''', ' '' a:'))::tsvector;
END
$$;

-- The words of a text, unchanged, and those with accents also without them; and of pairs of letters, the last one
-- also by itself, so that every letter begins a word.
CREATE OR REPLACE FUNCTION search_words_of(given text)
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
DECLARE
  prepared CONSTANT text := search_text(given);
  is_ascii CONSTANT boolean := octet_length(prepared) = length(prepared);
  words text[] := tsvector_to_array(to_tsvector('simple', prepared));
BEGIN
  IF NOT is_ascii AND prepared ~ search_accents() THEN
    words := ARRAY(
      SELECT unnest(words)
       UNION
      SELECT unnest(tsvector_to_array(to_tsvector('plain_simple', prepared)))
    );
  END IF;
  IF NOT is_ascii AND prepared ~ search_letters() THEN
    words := ARRAY(
      SELECT unnest(words)
       UNION
      SELECT right(word, 1)
        FROM unnest(words) AS word
       WHERE length(word) = 2
         AND word ~ search_letters()
    );
  END IF;
  IF length(prepared) <= 60 THEN
    RETURN words;
  END IF;
  RETURN ARRAY(SELECT word FROM unnest(words) AS word WHERE length(word) <= 60);
END
$$;

-- The vector of a long text: its beginning, and the words of the rest without their places, so that
-- phrases are only found in the beginning. A vector holds a megabyte: of a text with too many different
-- words, the end is left out.
CREATE OR REPLACE FUNCTION search_long(config regconfig, body text)
RETURNS tsvector
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
DECLARE
  whole CONSTANT text := search_text(body);
  beginning text;
  most integer;
BEGIN
  IF octet_length(whole) <= 200000 THEN
    RETURN search_stems(config, whole);
  END IF;
  beginning := search_beginning(whole);
  most := length(whole) - length(beginning);
  LOOP
    BEGIN
      RETURN search_stems(config, beginning)
             || strip(search_stems(config, substr(whole, length(beginning) + 1, most)));
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
  RETURN setweight(search_stems(config, search_text(entry.title)), 'A')
         || gap
         || setweight(search_stems(config, search_text(entry.summary)), 'C')
         || gap
         || setweight(search_stems(config, search_text(entry.origin)), 'C')
         || gap
         || coalesce(entry.words, search_long(config, entry.body))
         || array_to_tsvector(
              search_place(volume, entry.status)
              || ARRAY[' y:' || entry.type, ' y:' || entry.kind]
              || array_remove(entry.facets, NULL)
              || ARRAY(SELECT shelf || word FROM unnest(words) AS word)
            )
         || search_tags(entry.tag_ids);
END
$$;

-- An address as people read it: letters that it has to encode, decoded.
CREATE FUNCTION search_address(url text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
BEGIN
  IF url !~ '%[89A-Fa-f][0-9A-Fa-f]' THEN
    RETURN url;
  END IF;
  RETURN convert_from(
    (
      SELECT string_agg(
               CASE
                 WHEN part[1] ~ '^%[89A-Fa-f]' THEN decode(substr(part[1], 2), 'hex')
                 ELSE convert_to(part[1], 'UTF8')
               END,
               ''
             )
        FROM regexp_matches(url, '%[89A-Fa-f][0-9A-Fa-f]|[^%]+|%', 'g') AS part
    ),
    'UTF8'
  );
EXCEPTION
  WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN url;
END
$$;

-- The host of an address without `www.`, and each domain that contains it, as lexemes.
CREATE FUNCTION search_sites(url text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  host CONSTANT text := left(
    lower_case(substring(url FROM '^[A-Za-z]+://(?:[^/?#@]*@)?(?:[Ww]{3}\.)?([^/:?#]+)')), 253
  );
  labels CONSTANT text[] := string_to_array(rtrim(host, '.'), '.');
BEGIN
  RETURN ARRAY(
    SELECT ' h:' || array_to_string(labels[place:], '.')
      FROM generate_subscripts(labels, 1) AS place
     WHERE place = 1
        OR place > cardinality(labels) - 8
  );
END
$$;

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
       concat_ws(' ', item.author, search_address(item.source_url)) AS origin,
       concat_ws(E'\n', item.raw_text, left(item.content, 100000)) AS body,
       item.source_url,
       ARRAY(SELECT tag_id FROM item_tags WHERE item_tags.item_id = item.id) AS tag_ids,
       item.created_at,
       search_sites(item.source_url) AS facets,
       NULL::tsvector AS words
  FROM items AS item;

CALL unite_views('searchable');

-- The same functions as before, for hits without accents. They take no time for things of other types, which are
-- asked about as null.
CREATE OR REPLACE FUNCTION search_hit(config regconfig, body text, hits tsquery)
RETURNS TABLE (page integer, shown text)
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
DECLARE
  plain CONSTANT regconfig := search_plain(config);
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
  -- A word that begins with a root, if all roots are plain letters and digits: then only such words of a page
  -- need to be parsed.
  likely CONSTANT text := (
    SELECT '(?<![a-z0-9])(?:' || string_agg(root, '|') || ')[a-z0-9]*'
      FROM unnest(roots) AS root
    HAVING bool_and(root ~ '^[a-z0-9]+$')
  );
  parsed integer := 0;
  page_text text;
  folded text;
  place integer;
BEGIN
  page := 0;
  FOREACH page_text IN ARRAY string_to_array(body, E'\f') LOOP
    page := page + 1;
    IF page_text ~ U&'[\00AD\200B\2060\FEFF]' THEN
      page_text := translate(page_text, U&'\00AD\200B\2060\FEFF', '');
    END IF;
    folded := lower_case(page_text);
    IF octet_length(folded) > length(folded) THEN
      folded := search_unaccented(folded);
    END IF;
    place := (SELECT min(nullif(strpos(folded, root), 0)) FROM unnest(roots) AS root);
    CONTINUE WHEN place IS NULL;
    EXIT WHEN parsed = most_parsed;
    parsed := parsed + 1;
    IF likely IS NOT NULL THEN
      place := (
        SELECT min(regexp_instr(folded, '(?<![a-z0-9])' || word || '(?![a-z0-9])'))
          FROM (SELECT DISTINCT (regexp_matches(folded, likely, 'g'))[1] AS word) AS begun
         WHERE to_tsvector(plain, word) @@ hits
      );
      CONTINUE WHEN place IS NULL;
      shown := substr(page_text, greatest(place - before_hit, 1), shown_around);
      RETURN NEXT;
      RETURN;
    END IF;
    IF to_tsvector(
         plain,
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
    IF to_tsvector(plain, search_text(shown)) @@ hits THEN
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
STRICT
AS $$
DECLARE
  plain CONSTANT regconfig := search_plain(config);
  most_parsed CONSTANT integer := 100;
  most_shown CONSTANT integer := 4000;
  roots text[] := ARRAY(
    SELECT left(replace(found.stem[1], $q$''$q$, $q$'$q$), greatest(length(found.stem[1]) - 2, 3))
      FROM regexp_matches(hits::text, $q$'((?:[^']|'')+)'$q$, 'g') AS found (stem)
  );
  -- A row with all words comes before one with any: `1,250` is two words, and many rows have one of them.
  all_hits CONSTANT tsquery := replace(hits::text, ' | ', ' & ')::tsquery;
  wanted tsquery;
  likely record;
BEGIN
  FOREACH wanted IN ARRAY ARRAY[all_hits, hits] LOOP
    FOR likely IN
      SELECT line.page, line.text
        FROM (
               SELECT answer.number,
                      answer.page,
                      left(array_to_string(answer.texts, ' · '), most_shown) AS text
                 FROM row_answers(of_table) AS answer
                WHERE answer.number <= 10000
             ) AS line
       WHERE (
               SELECT CASE
                        WHEN wanted = hits THEN bool_or(strpos(folded.text, root) > 0)
                        ELSE bool_and(strpos(folded.text, root) > 0)
                      END
                 FROM unnest(roots) AS root
                CROSS JOIN (SELECT search_unaccented(lower_case(line.text)) AS text OFFSET 0) AS folded
             )
       ORDER BY line.number
       LIMIT most_parsed
    LOOP
      IF to_tsvector(plain, search_text(likely.text)) @@ wanted THEN
        page := likely.page;
        shown := likely.text;
        RETURN NEXT;
        RETURN;
      END IF;
    END LOOP;
    EXIT WHEN all_hits = hits;
  END LOOP;
END
$$;

-- Everything anew.
DROP INDEX tags_by_trigrams;
CREATE INDEX tags_by_trigrams ON tags USING gin (workspace_id, search_name(name) gin_trgm_ops);

DROP INDEX search_entries_by_words;

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
