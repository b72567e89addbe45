-- Captures of the same moment that share a tag do not wait for each other: a tag that is there is held
-- against its end, which others may do too, and only one that is new is written. In the order of
-- their names, so that two requests never wait for each other in a circle.
CREATE OR REPLACE FUNCTION make_tags(workspace uuid, names text[])
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
    SELECT tag.id, tag.name
      FROM tags AS tag
     WHERE tag.workspace_id = workspace
       AND fold(tag.name) IN (SELECT fold(wanted.name) FROM wanted)
     ORDER BY fold(tag.name)
       FOR KEY SHARE
  ),
  made AS (
    INSERT INTO tags AS kept (workspace_id, name)
    SELECT workspace, wanted.name
      FROM wanted
     WHERE fold(wanted.name) NOT IN (SELECT fold(held.name) FROM held)
     ORDER BY fold(wanted.name)
    ON CONFLICT (workspace_id, fold(name))
    DO UPDATE
          SET name = kept.name
    RETURNING kept.id, kept.name
  )
  SELECT held.id, held.name
    FROM held
   UNION ALL
  SELECT made.id, made.name
    FROM made
$$;
