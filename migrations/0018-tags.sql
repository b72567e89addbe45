-- The tags of a workspace.

-- A name is kept as it was typed and compared without regard to case.
CREATE TABLE tags (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  name         text        NOT NULL,
  color        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tags_pkey PRIMARY KEY (id),
  CONSTRAINT tags_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT tags_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50),
  CONSTRAINT tags_color_is_six_hex_digits CHECK (color ~ '^#[0-9a-f]{6}$')
);

CREATE UNIQUE INDEX tags_name_is_unique_in_its_workspace ON tags (workspace_id, fold(name));

-- A search finds tags by parts of their names.
CREATE INDEX tags_by_trigrams ON tags USING gin (workspace_id, search_text(name) gin_trgm_ops);

-- The tags of a workspace by their names; those that it does not have yet are made. Two captures that
-- share a tag do not wait for each other: a tag that is there is only locked against removal, which any
-- number may do at once, and only a new one is written. In the order of their names, so that two
-- requests never wait for each other in a circle.
CREATE FUNCTION make_tags(workspace uuid, names text[])
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
