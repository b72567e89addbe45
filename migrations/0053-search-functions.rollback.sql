DROP FUNCTION search_enter(searchable);

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

CREATE OR REPLACE FUNCTION search_words_of(given text)
RETURNS text[]
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN ARRAY(
  SELECT word
    FROM unnest(tsvector_to_array(to_tsvector('simple', search_text(given)))) AS word
   WHERE length(word) <= 60
);


CREATE OR REPLACE FUNCTION search_tags(tag_ids uuid[])
RETURNS tsvector
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT coalesce(string_agg(format(''' t:%s'':1B', tag_id), ' '), '')::tsvector
    FROM unnest(tag_ids) AS tag_id
);

CREATE OR REPLACE FUNCTION search_place(volume search_volumes, status text)
RETURNS text[]
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN (
  SELECT ARRAY[
           ' s:' || status,
           kept || ':' || volume.id,
           kept || '8:' || volume.shelf,
           kept || '64:' || volume.bookcase,
           kept || '*:' || volume.collection
         ]
    FROM (SELECT CASE status WHEN 'discarded' THEN ' d' ELSE ' v' END AS kept) AS letter
);

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

CREATE OR REPLACE FUNCTION search_enter(entry_id uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  entry searchable;
  volume search_volumes;
  vector tsvector;
BEGIN
  SELECT *
    INTO entry
    FROM searchable
   WHERE id = entry_id;
  volume := search_volume(entry.workspace_id, entry.audience, entry.id);
  vector := search_vector(entry, volume);
  INSERT INTO search_entries (id, workspace_id, audience, volume, config, created_at, vector)
  VALUES (
    entry.id,
    entry.workspace_id,
    entry.audience,
    volume.id,
    entry.config,
    entry.created_at,
    vector
  );
  PERFORM search_learn(
            entry.workspace_id,
            entry.audience,
            search_words_of(concat_ws(' ', entry.title, entry.summary))
          );
END
$$;
