ALTER TABLE tags
  DROP CONSTRAINT tags_name_can_be_seen;

DROP INDEX tags_name_is_unique_for_its_audience;
DROP INDEX suggestions_value_is_unique_for_its_item;
DROP INDEX suggestions_value_is_unique_for_its_document;
DROP INDEX learned_labels_are_unique;
DROP INDEX folders_name_is_unique_in_its_folder;
DROP INDEX folders_by_name;
DROP INDEX configurations_version_is_unique_for_its_type;
DROP INDEX configurations_one_of_a_type_is_active;
DROP INDEX automatic_types_name_a_type_once;

CREATE OR REPLACE FUNCTION make_tags(of_workspace uuid, names text[], of_audience uuid DEFAULT NULL)
RETURNS TABLE (id uuid, name text)
LANGUAGE sql
VOLATILE
AS $$
  WITH wanted AS (
    SELECT DISTINCT ON (fold(given.name))
           given.name
      FROM unnest(names) AS given (name)
     ORDER BY fold(given.name)
  ),
  held AS (
    SELECT tag.id, tag.name, tag.audience
      FROM tags AS tag
     WHERE tag.workspace_id = of_workspace
       AND fold(tag.name) IN (SELECT fold(wanted.name) FROM wanted)
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
     WHERE fold(wanted.name) NOT IN (SELECT fold(held.name) FROM held)
     ORDER BY fold(wanted.name)
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
  WITH wanted AS (
    SELECT row.row_id, name.name
      FROM import_rows AS row
     CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'tags') AS name (name)
     WHERE row.row_id = ANY (row_ids)
  )
  SELECT DISTINCT
         wanted.row_id,
         made.id
    FROM make_tags(of_workspace, ARRAY(SELECT name FROM wanted), of_audience) AS made
    JOIN wanted
      ON fold(wanted.name) = fold(made.name)
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
  RETURN regexp_replace(public.fold(normal), public.search_signs(), ' ', 'g');
END
$$;

DROP FUNCTION tag_name(text);
DROP FUNCTION lower_case(text);

DO $$
BEGIN
  EXECUTE format(
    'CREATE OR REPLACE FUNCTION fold(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE'
      ' RETURN lower(name COLLATE %I)',
    CASE
      WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8'
      ELSE 'und-x-icu'
    END
  );
END
$$;

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
