CREATE OR REPLACE FUNCTION make_tags(workspace uuid, names text[])
RETURNS TABLE (id uuid, name text)
LANGUAGE sql
VOLATILE
AS $$
  INSERT INTO tags AS kept (workspace_id, name)
  SELECT DISTINCT ON (fold(wanted.name))
         workspace,
         wanted.name
    FROM unnest(names) AS wanted (name)
   ORDER BY fold(wanted.name)
  ON CONFLICT (workspace_id, fold(name))
  DO UPDATE
        SET name = kept.name
  RETURNING kept.id, kept.name
$$;
