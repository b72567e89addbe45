-- The tags of a workspace, and who may see them.

-- `audience` is who may see the tag: the workspace's id for all its members, or the id of the user
-- whose tasks alone use it. So the subject of somebody's private tasks stays private: two users who
-- choose the same tag have one each, and in a shared workspace nothing reveals another's. A name
-- keeps its case and is compared regardless of it. Ids and times of a visible tag never reveal an
-- invisible one.
CREATE TABLE tags (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  audience     uuid        NOT NULL,
  name         text        NOT NULL,
  color        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tags_pkey PRIMARY KEY (id),
  CONSTRAINT tags_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT tags_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50),
  CONSTRAINT tags_color_is_six_hex_digits CHECK (color ~ '^#[0-9a-f]{6}$')
);

CREATE UNIQUE INDEX tags_name_is_unique_for_its_audience
    ON tags (workspace_id, fold(name), audience);

-- Searches find tags by parts of their names.
CREATE INDEX tags_by_trigrams ON tags USING gin (workspace_id, search_text(name) gin_trgm_ops);

-- Tags by name, for a thing that an audience may find: the workspace's, or else the audience's own.
-- Missing ones are created for that audience; for the workspace if none is given, or if it has no
-- members except its user. Two captures that share a tag do not wait for each other: an existing
-- tag is only locked against removal, which any number may do at once, and only a new one is
-- written. In name order, so that two requests never deadlock.
CREATE FUNCTION make_tags(of_workspace uuid, names text[], of_audience uuid DEFAULT NULL)
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

-- Everything that has a tag, once per tag. A noun with tags joins with a view `tag_uses_<noun>`
-- with these columns and a call of `unite_views`. `audience` is who may find the thing; things in
-- the trash do not count.
CREATE VIEW tag_uses
WITH (security_invoker = true)
AS
SELECT NULL::uuid AS tag_id,
       NULL::text AS type,
       NULL::uuid AS audience,
       NULL::boolean AS counts,
       NULL::timestamptz AS used_at
 WHERE false;

-- How many things that some audiences may find have a tag, and when it was last assigned. In one
-- pass.
CREATE FUNCTION count_tag_uses(of_tag uuid, by_audiences uuid[])
RETURNS TABLE (
  items        bigint,
  tasks        bigint,
  usage        bigint,
  last_used_at timestamptz
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT count(*) FILTER (WHERE use.counts AND use.type = 'item'),
         count(*) FILTER (WHERE use.counts AND use.type = 'task'),
         count(*) FILTER (WHERE use.counts),
         max(use.used_at)
    FROM tag_uses AS use
   WHERE use.tag_id = of_tag
     AND use.audience = ANY (by_audiences)
$$;

-- A workspace's tags in responses to members of some audiences: a view with parameters, because a
-- tag and each of its uses only exist for those who may see them.
CREATE FUNCTION tag_answers(of_workspace uuid, to_audiences uuid[])
RETURNS TABLE (
  id           uuid,
  name         text,
  color        text,
  is_private   boolean,
  items        bigint,
  tasks        bigint,
  usage        bigint,
  last_used_at timestamptz,
  created_at   timestamptz
)
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT tag.id,
         tag.name,
         tag.color,
         tag.audience <> tag.workspace_id,
         uses.items,
         uses.tasks,
         uses.usage,
         uses.last_used_at,
         tag.created_at
    FROM tags AS tag
   CROSS JOIN LATERAL count_tag_uses(tag.id, to_audiences) AS uses
   WHERE tag.workspace_id = of_workspace
     AND tag.audience = ANY (to_audiences)
$$;

-- Gives everything that has one tag another one too: in each table that assigns tags, which is
-- recognised by its foreign key. Its first column is the thing's id.
CREATE FUNCTION copy_tag_uses(from_tag uuid, into_tag uuid)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  tagged_by regclass;
  thing_id text;
BEGIN
  FOR tagged_by, thing_id IN
    SELECT foreign_key.conrelid, thing.attname
      FROM pg_constraint AS foreign_key
      JOIN pg_attribute AS thing
        ON thing.attrelid = foreign_key.conrelid
       AND thing.attnum = 1
     WHERE foreign_key.confrelid = 'tags'::regclass
       AND foreign_key.contype = 'f'
     ORDER BY foreign_key.conrelid::regclass::text
  LOOP
    EXECUTE format(
      'INSERT INTO %1$s (%2$I, tag_id, created_at)'
        ' SELECT %2$I, $2, created_at FROM %1$s WHERE tag_id = $1'
        ' ON CONFLICT DO NOTHING',
      tagged_by,
      thing_id
    )
    USING from_tag, into_tag;
  END LOOP;
END
$$;
