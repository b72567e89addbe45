-- name: read_terms :one
-- What a query's terms mean in a workspace: the documents of others that are shared with its user, with
-- their tables, the newest of them, and the workspaces they are in; the volumes that some audiences may read, newest first,
-- each with its shelf, bookcase and collection; and for each term, by its number, its stems in each
-- configuration that the workspace has texts in, the same without accents, its words without accents, and the
-- tags with the term in their names. `tag`, `category` and `in` are our own lexemes for a term that names one of
-- these: tags of this name (one, and one of the user's own), the category, and, for the terms that are
-- `places`, the folders with this name or this end of their path, with all folders in them. What is given comes from
-- subqueries, into which the planner does not look: else it would make a plan for each search, which takes longer than
-- running it.
WITH RECURSIVE configs (config) AS (
  SELECT min(config)
    FROM search_entries
   WHERE workspace_id = (SELECT %(workspace_id)s::uuid)
   UNION ALL
  SELECT (
           SELECT min(entry.config)
             FROM search_entries AS entry
            WHERE entry.workspace_id = (SELECT %(workspace_id)s::uuid)
              AND entry.config > configs.config
         )
    FROM configs
   WHERE configs.config IS NOT NULL
),
reached AS MATERIALIZED (
  SELECT id, workspace_id
    FROM documents_shared_with(%(workspace_id)s)
   ORDER BY id DESC
   LIMIT %(most_shared)s
),
terms AS (
  SELECT number,
         search_text(term.text) AS text,
         search_name(term.text) AS words,
         fold(tag_name(term.text)) AS tag,
         fold(term.text) AS name,
         fold(btrim(term.text, '/')) AS path
    FROM unnest((SELECT %(terms)s::text[])) WITH ORDINALITY AS term (text, number)
)
SELECT ARRAY(
         SELECT id
           FROM reached
          UNION ALL
         SELECT found.id
           FROM reached
          CROSS JOIN LATERAL (
                  SELECT id
                    FROM table_texts
                   WHERE document_id = reached.id
                  OFFSET 0
                ) AS found
          ORDER BY id DESC
          LIMIT %(most_shared)s
       ) AS shared,
       ARRAY(SELECT DISTINCT workspace_id FROM reached) AS homes,
       (
         SELECT coalesce(
                  jsonb_agg(
                    jsonb_build_array(id, shelf, bookcase, collection) ORDER BY id DESC
                  ),
                  '[]'
                )
           FROM search_volumes
          WHERE workspace_id = (SELECT %(workspace_id)s::uuid)
            AND audience = ANY ((SELECT %(audiences)s::uuid[])::uuid[])
       ) AS volumes,
       ARRAY(SELECT config FROM configs WHERE config IS NOT NULL) AS configs,
       (
         SELECT coalesce(
                  jsonb_agg(
                    jsonb_build_object(
                      'stems', (
                        SELECT jsonb_object_agg(
                                 configs.config,
                                 phraseto_tsquery(configs.config::regconfig, terms.text)::text
                               )
                          FROM configs
                         WHERE configs.config IS NOT NULL
                      ),
                      'plain', (
                        SELECT jsonb_object_agg(
                                 configs.config,
                                 phraseto_tsquery(search_plain(configs.config::regconfig), terms.text)::text
                               )
                          FROM configs
                         WHERE configs.config IS NOT NULL
                      ),
                      'words', (
                        SELECT coalesce(jsonb_agg(parsed.token ORDER BY parsed.place), '[]')
                          FROM ts_parse('default', terms.words)
                               WITH ORDINALITY AS parsed (kind, token, place)
                         WHERE parsed.token ~ '\w'
                           AND length(parsed.token) <= 60
                      ),
                      'tag', (
                        SELECT coalesce(jsonb_agg(' t:' || tag.id), '[]')
                          FROM tags AS tag
                         WHERE tag.workspace_id = (SELECT %(workspace_id)s::uuid)
                           AND tag.audience = ANY ((SELECT %(audiences)s::uuid[])::uuid[])
                           AND fold(tag.name) = terms.tag
                      ),
                      'category', jsonb_build_array(' c:' || terms.name),
                      'in', (
                        SELECT coalesce(jsonb_agg(' f:' || below.id), '[]')
                          FROM folders AS folder
                         CROSS JOIN folders_below(folder.id) AS below
                         WHERE terms.number = ANY ((SELECT %(places)s::integer[])::integer[])
                           AND folder.workspace_id = (SELECT %(workspace_id)s::uuid)
                           AND fold(folder.name) IN (terms.path, regexp_replace(terms.path, '^.*/', ''))
                           AND starts_with(
                                 reverse('/' || fold(folder_path(folder.id))), reverse('/' || terms.path)
                               )
                      ),
                      'tags', (
                        SELECT coalesce(jsonb_agg(named.id), '[]')
                          FROM (
                                 SELECT tag.id
                                   FROM tags AS tag
                                  WHERE tag.workspace_id = (SELECT %(workspace_id)s::uuid)
                                    AND tag.audience = ANY ((SELECT %(audiences)s::uuid[])::uuid[])
                                    AND terms.words <> ''
                                    AND search_name(tag.name) LIKE '%%' || terms.words || '%%'
                                    AND ' ' || search_name(tag.name) || ' '
                                        LIKE '%% ' || terms.words
                                             || CASE
                                                  WHEN terms.number = ANY ((SELECT %(prefixes)s::integer[])::integer[]) THEN ''
                                                  ELSE ' '
                                                END || '%%'
                                  ORDER BY length(tag.name), tag.id
                                  LIMIT 1000
                               ) AS named
                      )
                    )
                    ORDER BY terms.number
                  ),
                  '[]'
                )
           FROM terms
       ) AS meanings;

-- name: read_shared_terms :one
-- The same for documents that are shared: the shelves of their workspaces, and the meaning of each term
-- by the configurations of these, by those tags that the documents have, and by the folders that are
-- shared.
WITH RECURSIVE configs (home, config) AS (
  SELECT home.id,
         (SELECT min(config) FROM search_entries WHERE workspace_id = home.id)
    FROM unnest(%(homes)s::uuid[]) AS home (id)
   UNION ALL
  SELECT configs.home,
         (
           SELECT min(entry.config)
             FROM search_entries AS entry
            WHERE entry.workspace_id = configs.home
              AND entry.config > configs.config
         )
    FROM configs
   WHERE configs.config IS NOT NULL
),
terms AS (
  SELECT number,
         search_text(term.text) AS text,
         search_name(term.text) AS words,
         fold(tag_name(term.text)) AS tag,
         fold(term.text) AS name,
         fold(btrim(term.text, '/')) AS path
    FROM unnest((SELECT %(terms)s::text[])) WITH ORDINALITY AS term (text, number)
),
named AS MATERIALIZED (
  SELECT terms.number,
         tag.id,
         fold(tag.name) = terms.tag AS is_namesake,
         terms.words <> ''
         AND ' ' || search_name(tag.name) || ' '
             LIKE '%% ' || terms.words
              || CASE WHEN terms.number = ANY (%(prefixes)s::integer[]) THEN '' ELSE ' ' END
              || '%%' AS has_term
    FROM terms
   CROSS JOIN unnest(%(homes)s::uuid[]) AS home (id)
   CROSS JOIN LATERAL (
           SELECT id, name
             FROM tags
            WHERE tags.workspace_id = home.id
              AND (
                    terms.words <> ''
                    AND search_name(tags.name) LIKE '%%' || terms.words || '%%'
                    OR fold(tags.name) = terms.tag
                  )
           OFFSET 0
         ) AS tag
   WHERE EXISTS (
           SELECT
             FROM document_tags
            WHERE document_tags.tag_id = tag.id
              AND document_tags.document_id = ANY (%(ids)b::uuid[])
         )
)
SELECT ARRAY(
         SELECT DISTINCT shelf
           FROM search_volumes
          WHERE workspace_id = ANY (%(homes)s::uuid[])
            AND audience = workspace_id
       ) AS shelves,
       ARRAY(SELECT DISTINCT config FROM configs WHERE config IS NOT NULL) AS configs,
       (
         SELECT coalesce(
                  jsonb_agg(
                    jsonb_build_object(
                      'stems', (
                        SELECT jsonb_object_agg(
                                 used.config,
                                 phraseto_tsquery(used.config::regconfig, terms.text)::text
                               )
                          FROM (SELECT DISTINCT config FROM configs) AS used
                         WHERE used.config IS NOT NULL
                      ),
                      'plain', (
                        SELECT jsonb_object_agg(
                                 used.config,
                                 phraseto_tsquery(search_plain(used.config::regconfig), terms.text)::text
                               )
                          FROM (SELECT DISTINCT config FROM configs) AS used
                         WHERE used.config IS NOT NULL
                      ),
                      'words', (
                        SELECT coalesce(jsonb_agg(parsed.token ORDER BY parsed.place), '[]')
                          FROM ts_parse('default', terms.words)
                               WITH ORDINALITY AS parsed (kind, token, place)
                         WHERE parsed.token ~ '\w'
                           AND length(parsed.token) <= 60
                      ),
                      'tag', (
                        SELECT coalesce(jsonb_agg(' t:' || named.id), '[]')
                          FROM named
                         WHERE named.number = terms.number
                           AND named.is_namesake
                      ),
                      'category', jsonb_build_array(' c:' || terms.name),
                      'in', (
                        SELECT coalesce(jsonb_agg(' f:' || below.id), '[]')
                          FROM folders_shared_with(%(workspace_id)s) AS folder
                         CROSS JOIN folders_below(folder.id) AS below
                         WHERE terms.number = ANY (%(places)s::integer[])
                           AND starts_with(
                                 reverse('/' || fold(array_to_string(folder.path, '/'))),
                                 reverse('/' || terms.path)
                               )
                      ),
                      'tags', (
                        SELECT coalesce(jsonb_agg(named.id), '[]')
                          FROM named
                         WHERE named.number = terms.number
                           AND named.has_term
                      )
                    )
                    ORDER BY terms.number
                  ),
                  '[]'
                )
           FROM terms
       ) AS meanings;

-- name: read_similar :many
-- Words similar to those without a match, by the number of the word: words of titles and summaries,
-- and tags.
SELECT term.number,
       ARRAY(
         SELECT word
           FROM (
                  SELECT DISTINCT known.word,
                         similarity(known.word, term.word) AS likeness
                    FROM search_words AS known
                   WHERE known.workspace_id = %(workspace_id)s
                     AND known.audience = ANY (%(audiences)s::uuid[])
                     AND known.word %% term.word
                     AND known.word <> term.word
                ) AS candidate
          ORDER BY likeness DESC, word
          LIMIT 5
       ) AS words,
       ARRAY(
         SELECT tag.id
           FROM tags AS tag
          WHERE tag.workspace_id = %(workspace_id)s
            AND tag.audience = ANY (%(audiences)s::uuid[])
            AND search_name(tag.name) %%> term.word
          ORDER BY word_similarity(term.word, search_name(tag.name)) DESC, tag.id
          LIMIT 5
       ) AS tags
  FROM (
         SELECT number, search_name(text) AS word
           FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given (text, number)
       ) AS term;

-- name: match :many
-- The newest entries that match, each by the query for its configuration. Where a query looks decides
-- who may find them.
SELECT found.id
  FROM unnest(
         (SELECT %(configs)s::text[]), (SELECT %(matching)s::text[])
       ) AS asked (config, query)
 CROSS JOIN LATERAL (
         SELECT matching.id
           FROM (
                  SELECT entry.id
                    FROM search_entries AS entry
                   WHERE entry.vector @@ asked.query::tsquery
                     AND entry.config = asked.config
                     AND entry.created_at >= coalesce(%(after)s, '-infinity'::timestamptz)
                     AND entry.created_at < coalesce(%(before)s, 'infinity'::timestamptz)
                  -- Otherwise all entries are read, from the newest on, until enough match.
                  OFFSET 0
                ) AS matching
          ORDER BY matching.id DESC
          LIMIT %(limit)s
       ) AS found
 ORDER BY found.id DESC
 LIMIT %(limit)s;

-- name: match_shared :many
-- The newest shared documents that match, each by the query for its configuration.
SELECT id
  FROM search_among(
         %(ids)b::uuid[],
         %(configs)s::text[],
         %(matching)s::text[],
         %(after)s::timestamptz,
         %(before)s::timestamptz,
         %(limit)s::integer
       );

-- name: show :many
-- Of the matching entries, the best ones after a position: those that match exactly, then the others; or, if there is a
-- list of the `nearest` in meaning, those that match before those that are only near, and each by reciprocal rank
-- fusion of both lists. With the
-- time of the oldest, if there are older ones, and with the matching part of their text: for
-- a document, from the first of its pages that has a hit, for a table its first row that has all, or else its first with any. The hits are between U+E000 and U+E001,
-- punctuation between two U+0002; the text itself has none of them. What has only its meaning in common with the query
-- shows the beginning of its nearest passage. What is given comes from subqueries, as in `read_terms`.
WITH wanted AS (
  SELECT config, hits
    FROM unnest(
         (SELECT %(configs)s::text[]), (SELECT %(hits)s::text[])
       ) AS of_config (config, hits)
),
candidates AS (
  SELECT entry.id,
         -- The vector itself, decompressed once, and not by each function that reads it.
         setweight(entry.vector, 'D', '{}') AS vector
    FROM search_entries AS entry
   WHERE entry.id = ANY ((SELECT %(ids)b::uuid[])::uuid[])
     AND (
           (
             entry.workspace_id = (SELECT %(workspace_id)s::uuid)
             AND entry.audience = ANY ((SELECT %(audiences)s::uuid[])::uuid[])
           )
           OR entry.id = ANY ((SELECT %(shared)b::uuid[])::uuid[])
         )
  OFFSET 0
),
ranked AS (
  SELECT id,
         (
           ts_rank('{0.1, 0.4, 0.6, 1.0}', vector, %(ranking)s::tsquery, 1)
           + CASE WHEN vector @@ nullif(%(exact)s, '')::tsquery THEN 1 ELSE 0 END
         )::real AS rank
    FROM candidates
),
near AS (
  SELECT entry.id,
         given.place,
         given.page,
         given.starts_at,
         given.length
    FROM unnest(
           (SELECT %(nearest)b::uuid[]),
           (SELECT %(pages)s::integer[]),
           (SELECT %(starts)s::integer[]),
           (SELECT %(lengths)s::integer[])
         ) WITH ORDINALITY AS given (id, page, starts_at, length, place)
    JOIN search_entries AS entry
      ON entry.id = given.id
   WHERE (
           entry.workspace_id = (SELECT %(workspace_id)s::uuid)
           AND entry.audience = ANY ((SELECT %(audiences)s::uuid[])::uuid[])
         )
      OR entry.id = ANY ((SELECT %(shared)b::uuid[])::uuid[])
),
fused AS (
  SELECT id,
         rank,
         true AS has_words,
         NULL::integer AS page,
         NULL::integer AS starts_at,
         NULL::integer AS length
    FROM ranked
   WHERE (SELECT %(nearest)b::uuid[]) IS NULL
   UNION ALL
  SELECT coalesce(worded.id, near.id),
         (
           coalesce(1 + 1.0 / (60 + worded.place), 0) + coalesce(1.0 / (60 + near.place), 0)
         )::real,
         worded.id IS NOT NULL,
         near.page,
         near.starts_at,
         near.length
    FROM (
           SELECT id, row_number() OVER (ORDER BY rank DESC, id DESC) AS place
             FROM ranked
            WHERE (SELECT %(nearest)b::uuid[]) IS NOT NULL
         ) AS worded
    FULL JOIN near
      ON near.id = worded.id
),
best AS (
  SELECT id, rank, has_words, page, starts_at, length
    FROM fused
   WHERE (SELECT %(after_id)s::uuid) IS NULL
      OR (rank, id) < (%(after_rank)s::real, %(after_id)s::uuid)
   ORDER BY rank DESC, id DESC
   LIMIT %(limit)s
)
SELECT found.type,
       found.id,
       found.kind,
       found.status,
       found.title,
       found.source_url,
       ts_headline(
         search_plain(found.config::regconfig),
         search_parted(found.title),
         wanted.hits::tsquery,
         U&'StartSel="\E000", StopSel="\E001", HighlightAll=true'
       ) AS marked_title,
       ts_headline(
         search_plain(found.config::regconfig),
         search_parted(
           CASE
             WHEN best.has_words THEN coalesce(
               hit.shown,
               row_hit.shown,
               left(
                 concat_ws(E'\n', found.summary, found.body),
                 CASE found.type WHEN 'document' THEN 600 ELSE 20000 END
               )
             )
             ELSE coalesce(
               nullif(left(substr(found.body, best.starts_at, best.length), 400), ''),
               found.summary,
               ''
             )
           END
         ),
         wanted.hits::tsquery,
         CASE
           WHEN best.has_words
             THEN U&'StartSel="\E000", StopSel="\E001", MaxWords=35, MinWords=15, MaxFragments=2, FragmentDelimiter=" … "'
           ELSE U&'StartSel="\E000", StopSel="\E001", HighlightAll=true'
         END
       ) AS snippet,
       CASE
         WHEN NOT best.has_words THEN best.page
         WHEN found.type = 'document' THEN hit.page
         WHEN found.type = 'table' THEN coalesce(row_hit.page, place.pages[1])
       END AS page,
       place.document_id,
       coalesce(document.title, document.name) AS document_title,
       best.rank,
       ARRAY(
         SELECT tag.name
           FROM tags AS tag
          WHERE tag.id = ANY (found.tag_ids)
          ORDER BY sort_key(tag.name) COLLATE "C"
       ) AS tags,
       found.workspace_id <> %(workspace_id)s AS is_shared,
       found.created_at,
       best.rank::text || ' ' || found.id AS position,
       (SELECT created_at FROM search_entries WHERE id = (SELECT %(oldest)s::uuid)) AS stopped_at
  FROM best
  JOIN searchable AS found
    ON found.id = best.id
  JOIN wanted
    ON wanted.config = found.config
  LEFT JOIN LATERAL search_hit(
              found.config::regconfig,
              CASE
                WHEN NOT best.has_words THEN NULL
                WHEN found.type = 'document' THEN found.body
                WHEN length(found.body) > 2000 THEN left(concat_ws(E'\n', found.summary, found.body), 20000)
              END,
              wanted.hits::tsquery
            ) AS hit
    ON true
  LEFT JOIN LATERAL search_table_hit(
              CASE found.type WHEN 'table' THEN found.id END,
              found.config::regconfig,
              wanted.hits::tsquery
            ) AS row_hit
    ON true
  LEFT JOIN extracted_tables AS place
    ON place.id = found.id
   AND found.type = 'table'
  LEFT JOIN documents AS document
    ON document.id = place.document_id
 ORDER BY best.rank DESC, best.id DESC;

-- name: suggest :many
-- Tags, then entries from the newest on, by name.
SELECT type, id, text
  FROM (
         SELECT 'tag' AS type,
                tag.id,
                tag.name AS text,
                length(tag.name) AS place
           FROM tags AS tag
          WHERE tag.id = ANY (%(tags)s::uuid[])
            AND tag.workspace_id = %(workspace_id)s
            AND tag.audience = ANY (%(audiences)s::uuid[])
          UNION ALL
         SELECT found.type,
                found.id,
                found.title,
                1000 + row_number() OVER (ORDER BY found.id DESC)
           FROM searchable AS found
          WHERE found.id = ANY (%(ids)b::uuid[])
            AND (
                  (
                    found.workspace_id = %(workspace_id)s
                    AND found.audience = ANY (%(audiences)s::uuid[])
                  )
                  OR found.id = ANY (%(shared)b::uuid[])
                )
       ) AS named
 ORDER BY place, id
 LIMIT %(limit)s;
