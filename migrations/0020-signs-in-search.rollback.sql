DROP FUNCTION search_parted(text);
CREATE OR REPLACE FUNCTION search_text(given text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE
  WHEN coalesce(given, '') IS NFKC NORMALIZED THEN fold(coalesce(given, ''))
  ELSE (
    SELECT fold(string_agg(normalize(substr(given, place, 1000), NFKC), '' ORDER BY place))
      FROM generate_series(1, length(given), 1000) AS place
  )
END;
DROP FUNCTION search_signs();
REINDEX INDEX tags_by_trigrams;
