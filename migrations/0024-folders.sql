-- Folders: a tree in each workspace.

CREATE TABLE folders (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  created_by   uuid        NOT NULL,
  parent_id    uuid,
  name         text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT folders_pkey PRIMARY KEY (id),
  CONSTRAINT folders_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT folders_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT folders_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT folders_parent_exists FOREIGN KEY (workspace_id, parent_id)
    REFERENCES folders (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT folders_name_is_1_to_200_characters CHECK (length(name) BETWEEN 1 AND 200),
  CONSTRAINT folders_name_is_not_blank CHECK (name ~ '\S')
);

CREATE UNIQUE INDEX folders_name_is_unique_in_its_folder
    ON folders (workspace_id, parent_id, fold(name)) NULLS NOT DISTINCT;

CREATE INDEX folders_by_parent ON folders (parent_id);
CREATE INDEX folders_by_name ON folders (workspace_id, fold(name));

-- The folders above a folder, itself first, and how far above each is.
CREATE FUNCTION folders_above(folder uuid)
RETURNS TABLE (id uuid, name text, distance integer)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE above AS (
    SELECT folders.id, folders.name, folders.parent_id, 0 AS distance
      FROM folders
     WHERE folders.id = folder
     UNION ALL
    SELECT folders.id, folders.name, folders.parent_id, above.distance + 1
      FROM above
      JOIN folders
        ON folders.id = above.parent_id
  )
  SELECT above.id, above.name, above.distance
    FROM above;
END
$$;

-- A folder's path: its name after those of the folders that it is in, with slashes between.
CREATE FUNCTION folder_path(folder uuid)
RETURNS text
LANGUAGE sql
STABLE
RETURN (
  SELECT string_agg(above.name, '/' ORDER BY above.distance DESC)
    FROM folders_above(folder) AS above
);

-- The folders below a folder, itself first, and how far below each is.
CREATE FUNCTION folders_below(folder uuid)
RETURNS TABLE (id uuid, distance integer)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE below AS (
    SELECT folder AS id, 0 AS distance
     UNION ALL
    SELECT folders.id, below.distance + 1
      FROM below
      JOIN folders
        ON folders.parent_id = below.id
  )
  SELECT below.id, below.distance
    FROM below;
END
$$;

-- Folders form a tree of at most 32 levels. Changes to one workspace's tree are serialized: two moves
-- that are each valid alone could form a cycle together.
CREATE FUNCTION keep_folders_a_tree()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  most_levels CONSTANT integer := 32;
  levels integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('folders of ' || NEW.workspace_id, 0));
  IF EXISTS (SELECT FROM folders_above(NEW.parent_id) AS above WHERE above.id = NEW.id) THEN
    RAISE EXCEPTION 'a folder would be inside itself'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'folders_form_a_tree';
  END IF;
  SELECT (SELECT coalesce(max(distance) + 1, 0) FROM folders_above(NEW.parent_id))
         + (SELECT max(distance) + 1 FROM folders_below(NEW.id))
    INTO levels;
  IF levels > most_levels THEN
    RAISE EXCEPTION 'folders would be too deep'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'folders_are_at_most_32_deep';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER folders_are_kept_a_tree
  BEFORE INSERT OR UPDATE OF parent_id ON folders
  FOR EACH ROW
  WHEN (NEW.parent_id IS NOT NULL)
  EXECUTE FUNCTION keep_folders_a_tree();
