-- Signs stand between words, and what they enclose is found. PostgreSQL's parser takes what is in
-- angle brackets for a tag of XML, which is no text; and where the database's LC_CTYPE is C it takes
-- every sign that is not ASCII for a letter, so that nobody would find a word in curly quotes.

-- Signs that are no part of a word, as a regular expression: angle brackets, and punctuation, symbols
-- and invisible characters of Unicode by their blocks, whatever the server's locale knows of them.
CREATE FUNCTION search_signs()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[<>\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf'
  || '\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ue000-\uf8ff\ufe10-\ufe6f\ufeff]';

CREATE OR REPLACE FUNCTION search_text(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN regexp_replace(
  CASE
    WHEN coalesce(given, '') IS NFKC NORMALIZED THEN fold(coalesce(given, ''))
    ELSE (
      SELECT fold(string_agg(normalize(substr(given, place, 1000), NFKC), '' ORDER BY place))
        FROM generate_series(1, length(given), 1000) AS place
    )
  END,
  search_signs(),
  ' ',
  'g'
);

-- A text as it is shown, with each of its signs between two U+0002, at which the parser ends a word.
-- Whoever shows it takes them out.
CREATE FUNCTION search_parted(given text)
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

REINDEX INDEX tags_by_trigrams;

DO $$
BEGIN
  CREATE TEMPORARY TABLE outdated ON COMMIT DROP AS
  SELECT thing.id
    FROM searchable AS thing
   WHERE concat_ws(' ', thing.title, thing.summary, thing.origin, thing.body)
         ~ ('＜|＞|' || search_signs());

  UPDATE search_entries AS entry
     SET vector = search_vector(thing, standing)
    FROM outdated,
         searchable AS thing,
         search_volumes AS standing
   WHERE entry.id = outdated.id
     AND thing.id = outdated.id
     AND standing.id = entry.volume;

  PERFORM search_learn(
            thing.workspace_id,
            thing.audience,
            search_words_of(concat_ws(' ', thing.title, thing.summary))
          )
     FROM outdated
     JOIN searchable AS thing
       ON thing.id = outdated.id;
END
$$;
