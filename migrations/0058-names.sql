-- Names have one form, and are unique, compared and found by it. Until now only case did not count, so there
-- could be two tags of one name: `café` in two encodings, `fish` with a ligature, `#oak` and `oak`.

-- A text in lower case, by Unicode's rules, whatever the database's locale knows: what `fold` was.
DO $$
BEGIN
  EXECUTE format(
    'CREATE FUNCTION lower_case(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE'
      ' RETURN lower(given COLLATE %I)',
    CASE
      WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8'
      ELSE 'und-x-icu'
    END
  );
END
$$;

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

-- A tag's name as it is kept: on one line, with single spaces, and without the sign that marks a tag.
-- `webapp/rules/names.py` has the same function.
CREATE FUNCTION tag_name(written text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN regexp_replace(
  btrim(
    regexp_replace(
      written,
      '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+',
      ' ',
      'g'
    ),
    ' '
  ),
  '^(?:[ \u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f'
    || '\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a'
    || '\U000e0000-\U000e001f\U000e0080-\U000e0fff]*[#\uff03\ufe5f](?!\ufe0f?\u20e3))+ *',
  ''
);

-- What was learned from documents with names of which there may be another one: it is learned anew below.
CREATE TEMPORARY TABLE documents_to_learn_from ON COMMIT DROP AS
SELECT DISTINCT counted.document_id AS id
  FROM learned_documents AS counted
  JOIN learned_labels AS label
    ON label.id = counted.label_id
 WHERE label.label !~ '^([!-~]+( [!-~]+)*)?$';

DO $$
BEGIN
  PERFORM learn_from(ARRAY(SELECT id FROM documents_to_learn_from), forget => true);
END
$$;

DELETE FROM learned_words
 WHERE label_id IN (SELECT id FROM learned_labels WHERE label !~ '^([!-~]+( [!-~]+)*)?$');

DELETE FROM learned_labels
 WHERE label !~ '^([!-~]+( [!-~]+)*)?$';

DROP INDEX tags_name_is_unique_for_its_audience;
DROP INDEX suggestions_value_is_unique_for_its_item;
DROP INDEX suggestions_value_is_unique_for_its_document;
DROP INDEX learned_labels_are_unique;
DROP INDEX folders_name_is_unique_in_its_folder;
DROP INDEX folders_by_name;
DROP INDEX configurations_version_is_unique_for_its_type;
DROP INDEX configurations_one_of_a_type_is_active;
DROP INDEX automatic_types_name_a_type_once;

-- What all ways to write a name have in common: case, the encoding of letters, ligatures, widths, the kind
-- and number of spaces, and what nobody sees do not count; accents do. `webapp/rules/names.py` has the same
-- function. Mail addresses, which are ASCII, are compared by it too: of them only case does not count. An index
-- uses it, and while PostgreSQL maintains indexes, it finds only what is named with its schema.
CREATE OR REPLACE FUNCTION fold(name text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
AS $$
DECLARE
  form text;
BEGIN
  IF octet_length(name) = length(name) THEN
    form := lower(name COLLATE "C");
  ELSE
    form := public.lower_case(
      regexp_replace(
        normalize(name, NFKC),
        '[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f'
          || '\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a'
          || '\U000e0000-\U000e001f\U000e0080-\U000e0fff]+',
        '',
        'g'
      )
    );
    form := normalize(
      replace(replace(replace(form, 'ß', 'ss'), 'ς', 'σ'), U&'i\0307', 'i'),
      NFKC
    );
  END IF;
  RETURN btrim(
    regexp_replace(
      form,
      '[\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000]+',
      ' ',
      'g'
    ),
    ' '
  );
END
$$;

CREATE OR REPLACE FUNCTION make_tags(of_workspace uuid, names text[], of_audience uuid DEFAULT NULL)
RETURNS TABLE (id uuid, name text)
LANGUAGE sql
VOLATILE
AS $$
  -- Each name is brought into its form once: that costs more than all else. A new tag is called as it is
  -- written first.
  WITH written AS MATERIALIZED (
    SELECT given.name,
           min(given.place) AS place
      FROM unnest(names) WITH ORDINALITY AS given (name, place)
     GROUP BY given.name
  ),
  named AS MATERIALIZED (
    SELECT tag_name(name) AS name,
           place
      FROM written
  ),
  formed AS MATERIALIZED (
    SELECT name,
           fold(name) AS form,
           place
      FROM named
  ),
  wanted AS MATERIALIZED (
    SELECT DISTINCT ON (form)
           name, form
      FROM formed
     WHERE form <> ''
     ORDER BY form, place
  ),
  held AS (
    SELECT tag.id, tag.name, tag.audience
      FROM tags AS tag
     WHERE tag.workspace_id = of_workspace
       AND fold(tag.name) IN (SELECT form FROM wanted)
       AND tag.audience IN (of_workspace, of_audience)
     ORDER BY fold(tag.name)
       FOR KEY SHARE
  ),
  made AS (
    INSERT INTO tags AS kept (workspace_id, audience, name)
    SELECT of_workspace,
           CASE
             WHEN EXISTS (
               SELECT FROM workspaces
                WHERE workspaces.id = of_workspace
                  AND workspaces.personal_of IS NOT NULL
             ) THEN of_workspace
             ELSE coalesce(of_audience, of_workspace)
           END,
           wanted.name
      FROM wanted
     WHERE wanted.form NOT IN (SELECT fold(held.name) FROM held)
     ORDER BY wanted.form
    ON CONFLICT (workspace_id, fold(name), audience)
    DO UPDATE
          SET name = kept.name
    RETURNING kept.id, kept.name
  )
  (
    SELECT DISTINCT ON (fold(held.name))
           held.id, held.name
      FROM held
     ORDER BY fold(held.name), held.audience = of_workspace DESC
  )
   UNION ALL
  SELECT made.id, made.name
    FROM made
$$;

CREATE OR REPLACE FUNCTION tags_of_import_rows(of_workspace uuid, row_ids uuid[], of_audience uuid DEFAULT NULL)
RETURNS TABLE (row_id uuid, tag_id uuid)
LANGUAGE sql
VOLATILE
AS $$
  WITH wanted AS MATERIALIZED (
    SELECT row.row_id, name.name
      FROM import_rows AS row
     CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'tags') AS name (name)
     WHERE row.row_id = ANY (row_ids)
  ),
  written AS MATERIALIZED (
    SELECT DISTINCT name
      FROM wanted
  ),
  named AS MATERIALIZED (
    SELECT name AS written, tag_name(name) AS name
      FROM written
  ),
  formed AS MATERIALIZED (
    SELECT written, fold(name) AS form
      FROM named
  ),
  made AS MATERIALIZED (
    SELECT id, fold(name) AS form
      FROM make_tags(of_workspace, ARRAY(SELECT name FROM written), of_audience)
  )
  SELECT DISTINCT
         wanted.row_id,
         made.id
    FROM wanted
    JOIN formed
      ON formed.written = wanted.name
    JOIN made
      ON made.form = formed.form
$$;

UPDATE rules
   SET tags = ARRAY(
         SELECT tag_name(name)
           FROM unnest(tags) WITH ORDINALITY AS given (name, place)
          WHERE fold(tag_name(name)) <> ''
          ORDER BY place
       )
 WHERE tags <> ARRAY(
         SELECT tag_name(name)
           FROM unnest(tags) WITH ORDINALITY AS given (name, place)
          WHERE fold(tag_name(name)) <> ''
          ORDER BY place
       );

-- Nobody decides anything here: what comes of a merge is no person's correction.
DO $$
BEGIN
  PERFORM set_config('coffer.actor', 'worker:migrate', true);
END
$$;

-- Of one thing's suggestions with values of one form, one stays: what was decided before what was not, then the
-- surest.
DELETE FROM suggestions
 USING (
         SELECT id,
                row_number() OVER (
                  PARTITION BY item_id, document_id, field, fold(value)
                  ORDER BY array_position(ARRAY['accepted', 'rejected', 'applied', 'pending'], status),
                           confidence DESC,
                           id
                ) AS place
           FROM suggestions
       ) AS ranked
 WHERE suggestions.id = ranked.id
   AND ranked.place > 1;

UPDATE tags
   SET name = CASE WHEN fold(tag_name(name)) = '' THEN 'unnamed' ELSE tag_name(name) END
 WHERE name <> tag_name(name)
    OR fold(name) = '';

-- Of an audience's tags of one name, the most used one stays, or the shortest; it gets what the others have.
DO $$
DECLARE
  double record;
BEGIN
  FOR double IN
    SELECT id, kept_id, color
      FROM (
             SELECT tag.id,
                    tag.color,
                    first_value(tag.id) OVER same AS kept_id
               FROM (
                      SELECT id,
                             name,
                             workspace_id,
                             audience,
                             fold(name) AS form,
                             color,
                             (
                               SELECT count(*)
                                 FROM tag_uses
                                WHERE tag_id = tags.id
                             ) AS uses
                        FROM tags
                       WHERE EXISTS (
                               SELECT
                                 FROM tags AS other
                                WHERE other.workspace_id = tags.workspace_id
                                  AND other.audience = tags.audience
                                  AND other.id <> tags.id
                                  AND fold(other.name) = fold(tags.name)
                             )
                    ) AS tag
             WINDOW same AS (
                      PARTITION BY workspace_id, audience, form
                      ORDER BY uses DESC, length(name), id
                    )
           ) AS found
     WHERE id <> kept_id
     ORDER BY id
  LOOP
    INSERT INTO documents_to_learn_from
    SELECT document_id
      FROM document_tags
     WHERE tag_id = double.id;
    PERFORM copy_tag_uses(double.id, double.kept_id);
    UPDATE tags
       SET color = coalesce(color, double.color)
     WHERE id = double.kept_id;
    DELETE FROM tags
     WHERE id = double.id;
  END LOOP;
END
$$;

-- Folders and types of documents are not merged: two of one name may be two on purpose. The later ones get a
-- number.
DO $$
DECLARE
  double record;
  number integer;
BEGIN
  FOR double IN
    SELECT id, workspace_id, parent_id, name
      FROM (
             SELECT *,
                    row_number() OVER (
                      PARTITION BY workspace_id, parent_id, fold(name) ORDER BY id
                    ) AS place
               FROM folders
           ) AS ranked
     WHERE place > 1
     ORDER BY id
  LOOP
    number := 2;
    WHILE EXISTS (
      SELECT
        FROM folders
       WHERE workspace_id = double.workspace_id
         AND parent_id IS NOT DISTINCT FROM double.parent_id
         AND fold(name) = fold(left(double.name, 190) || format(' (%s)', number))
    ) LOOP
      number := number + 1;
    END LOOP;
    UPDATE folders
       SET name = left(double.name, 190) || format(' (%s)', number)
     WHERE id = double.id;
  END LOOP;
END
$$;

ALTER TABLE configurations DISABLE TRIGGER configurations_stay_once_used;

DO $$
DECLARE
  double record;
  number integer;
BEGIN
  FOR double IN
    SELECT workspace_id, type
      FROM (
             SELECT workspace_id,
                    type,
                    row_number() OVER (PARTITION BY workspace_id, fold(type) ORDER BY min(id)) AS place
               FROM (
                      SELECT workspace_id, lower_case(document_type) AS type, id::text AS id
                        FROM configurations
                       UNION ALL
                      SELECT workspace_id, lower_case(document_type), 'z' || id
                        FROM automatic_types
                    ) AS named
              GROUP BY workspace_id, type
           ) AS ranked
     WHERE place > 1
     ORDER BY workspace_id, type
  LOOP
    number := 2;
    WHILE EXISTS (
      SELECT
        FROM configurations
       WHERE workspace_id = double.workspace_id
         AND fold(document_type) = fold(left(double.type, 90) || format(' (%s)', number))
    ) LOOP
      number := number + 1;
    END LOOP;
    UPDATE configurations
       SET document_type = left(document_type, 90) || format(' (%s)', number)
     WHERE workspace_id = double.workspace_id
       AND lower_case(document_type) = double.type;
    UPDATE automatic_types
       SET document_type = left(document_type, 90) || format(' (%s)', number)
     WHERE workspace_id = double.workspace_id
       AND lower_case(document_type) = double.type;
  END LOOP;
END
$$;

ALTER TABLE configurations ENABLE TRIGGER configurations_stay_once_used;

CREATE UNIQUE INDEX tags_name_is_unique_for_its_audience
    ON tags (workspace_id, fold(name), audience);
CREATE UNIQUE INDEX suggestions_value_is_unique_for_its_item ON suggestions (item_id, fold(value));
CREATE UNIQUE INDEX suggestions_value_is_unique_for_its_document
    ON suggestions (document_id, field, fold(value))
 WHERE document_id IS NOT NULL;
CREATE UNIQUE INDEX learned_labels_are_unique ON learned_labels (workspace_id, field, fold(label));
CREATE UNIQUE INDEX folders_name_is_unique_in_its_folder
    ON folders (workspace_id, parent_id, fold(name)) NULLS NOT DISTINCT;
CREATE INDEX folders_by_name ON folders (workspace_id, fold(name));
CREATE UNIQUE INDEX configurations_version_is_unique_for_its_type
    ON configurations (workspace_id, fold(document_type), version);
CREATE UNIQUE INDEX configurations_one_of_a_type_is_active
    ON configurations (workspace_id, fold(document_type))
 WHERE status = 'active';
CREATE UNIQUE INDEX automatic_types_name_a_type_once
    ON automatic_types (workspace_id, fold(document_type));

ALTER TABLE tags
  ADD CONSTRAINT tags_name_can_be_seen CHECK (fold(name) <> '');

DO $$
BEGIN
  PERFORM learn_from(ARRAY(SELECT DISTINCT id FROM documents_to_learn_from));
  PERFORM set_config('coffer.actor', '', true);
END
$$;

-- Categories are looked for by their form.
UPDATE search_entries AS entry
   SET vector = search_vector(thing, standing)
  FROM documents AS document,
       searchable AS thing,
       search_volumes AS standing
 WHERE fold(document.category) <> lower_case(document.category)
   AND entry.id = document.id
   AND thing.id = document.id
   AND standing.id = entry.volume;
