-- How a text is turned into the words by which it is found.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- The configuration that stems a language (ISO 639-1).
CREATE FUNCTION search_config(language text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE language
  WHEN 'ar' THEN 'arabic'
  WHEN 'ca' THEN 'catalan'
  WHEN 'da' THEN 'danish'
  WHEN 'de' THEN 'german'
  WHEN 'el' THEN 'greek'
  WHEN 'en' THEN 'english'
  WHEN 'es' THEN 'spanish'
  WHEN 'eu' THEN 'basque'
  WHEN 'fi' THEN 'finnish'
  WHEN 'fr' THEN 'french'
  WHEN 'ga' THEN 'irish'
  WHEN 'hi' THEN 'hindi'
  WHEN 'hu' THEN 'hungarian'
  WHEN 'hy' THEN 'armenian'
  WHEN 'id' THEN 'indonesian'
  WHEN 'it' THEN 'italian'
  WHEN 'lt' THEN 'lithuanian'
  WHEN 'nb' THEN 'norwegian'
  WHEN 'ne' THEN 'nepali'
  WHEN 'nl' THEN 'dutch'
  WHEN 'nn' THEN 'norwegian'
  WHEN 'no' THEN 'norwegian'
  WHEN 'pt' THEN 'portuguese'
  WHEN 'ro' THEN 'romanian'
  WHEN 'ru' THEN 'russian'
  WHEN 'sr' THEN 'serbian'
  WHEN 'sv' THEN 'swedish'
  WHEN 'ta' THEN 'tamil'
  WHEN 'tr' THEN 'turkish'
  WHEN 'yi' THEN 'yiddish'
  ELSE 'simple'
END;

-- The characters that are not part of a word, as a regular expression: angle brackets, and
-- Unicode's punctuation, symbols and invisible characters by block, whatever the server's locale
-- knows about them. PostgreSQL's parser takes text in angle brackets for an XML tag, which is not
-- indexed; and if LC_CTYPE is C it takes every non-ASCII character for a letter, so that nobody
-- would find a word in curly quotes.
CREATE FUNCTION search_signs()
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '[<>\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7\u00f7\u2000-\u206f\u20a0-\u20cf'
  || '\u2190-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\ue000-\uf8ff\ufe10-\ufe6f\ufeff]';

-- A text in the form that is indexed and searched for: lower case, each letter in one encoding,
-- punctuation as spaces. A thousand characters at a time, because the time for ten thousand accents
-- on one letter is quadratic.
CREATE FUNCTION search_text(given text)
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

-- A text as it is shown, with each punctuation mark between two U+0002, at which the parser ends a
-- word. They are removed before it is shown.
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

-- As much of a text as fits into a vector, which holds a megabyte, however long its letters are.
CREATE FUNCTION search_beginning(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE
  WHEN octet_length(given) <= 200000 THEN given
  ELSE left(given, (length(given) * 200000.0 / octet_length(given))::integer)
END;

-- The words of a text, unchanged.
CREATE FUNCTION search_words_of(given text)
RETURNS text[]
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN ARRAY(
  SELECT word
    FROM unnest(tsvector_to_array(to_tsvector('simple', search_text(given)))) AS word
   WHERE length(word) <= 60
);
