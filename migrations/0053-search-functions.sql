-- Search: entering a thing costs a fraction of what it did, since thousands of tokens come to rest a minute.
--
-- The functions stay what they were, in another language: PostgreSQL starts an executor for each call of a
-- function in SQL that it cannot take apart, which costs more than what these do.

-- A text in the form that is indexed and searched for: lower case, each letter in one encoding,
-- punctuation as spaces. A thousand characters at a time, because the time for ten thousand accents
-- on one letter is quadratic. An index uses it, and while PostgreSQL maintains indexes, it finds only what
-- is named with its schema.
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
  RETURN regexp_replace(public.fold(normal), public.search_signs(), ' ', 'g');
END
$$;

-- The words of a text, unchanged.
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

-- The tags of a thing, in the form used in its vector.
CREATE OR REPLACE FUNCTION search_tags(tag_ids uuid[])
RETURNS tsvector
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
BEGIN
  IF cardinality(tag_ids) > 0 THEN
    RETURN (SELECT string_agg(format(''' t:%s'':1B', tag_id), ' ')::tsvector FROM unnest(tag_ids) AS tag_id);
  END IF;
  RETURN '';
END
$$;

-- The lexemes that say where in the index a thing is, and what its status is. The whole collection is none of them
-- any more: who looks through all of it names the bookcases that are left.
CREATE OR REPLACE FUNCTION search_place(volume search_volumes, status text)
RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
AS $$
DECLARE
  kept CONSTANT text := CASE status WHEN 'discarded' THEN ' d' ELSE ' v' END;
BEGIN
  RETURN ARRAY[
    ' s:' || status,
    kept || ':' || volume.id,
    kept || '8:' || volume.shelf,
    kept || '64:' || volume.bookcase
  ];
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

-- Adds these words to those an audience knows, except those of fewer than four letters and numbers, which
-- are not guessed.
CREATE OR REPLACE FUNCTION search_learn(of_workspace uuid, of_audience uuid, words text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  INSERT INTO search_words (workspace_id, audience, word)
  SELECT of_workspace,
         of_audience,
         new.word
    FROM unnest(words) AS new (word)
   WHERE length(new.word) >= 4
     AND new.word !~ '^[0-9]+$'
     -- Looked up one by one: joined, all words of the audience would be read.
     AND (
           SELECT true
             FROM search_words AS known
            WHERE known.workspace_id = of_workspace
              AND known.audience = of_audience
              AND known.word = new.word
            LIMIT 1
         ) IS NULL;
END
$$;

-- Adds a thing to the index, as its view shows it.
CREATE FUNCTION search_enter(entry searchable)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  volume CONSTANT search_volumes := search_volume(entry.workspace_id, entry.audience, entry.id);
BEGIN
  INSERT INTO search_entries (id, workspace_id, audience, volume, config, created_at, vector)
  VALUES (
    entry.id,
    entry.workspace_id,
    entry.audience,
    volume.id,
    entry.config,
    entry.created_at,
    search_vector(entry, volume)
  );
  PERFORM search_learn(
            entry.workspace_id,
            entry.audience,
            search_words_of(concat_ws(' ', entry.title, entry.summary))
          );
END
$$;

-- The same for one that is only known by its id.
CREATE OR REPLACE FUNCTION search_enter(entry_id uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
BEGIN
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = entry_id;
  PERFORM search_enter(entry);
END
$$;
