-- name: make :exec
-- Makes and holds a workspace's tags of these names until the transaction ends. Whoever changes what
-- carries tags and gives it tags holds the tags first: so does whoever merges them.
SELECT id
  FROM make_tags(%(workspace_id)s, %(names)s::text[]);

-- name: attach :exec
-- Attaches tags by name to items; those that the workspace does not have yet are made.
INSERT INTO item_tags (item_id, tag_id)
SELECT item.id, tag.id
  FROM unnest(%(item_ids)s::uuid[]) AS item (id)
 CROSS JOIN make_tags(%(workspace_id)s, %(names)s::text[]) AS tag
ON CONFLICT ON CONSTRAINT item_tags_pkey
DO NOTHING;

-- name: detach :exec
-- Takes tags off items by name; the tags themselves stay.
DELETE FROM item_tags
 USING tags AS tag
 WHERE item_tags.item_id = ANY (%(item_ids)s::uuid[])
   AND tag.id = item_tags.tag_id
   AND tag.workspace_id = %(workspace_id)s
   AND fold(tag.name) IN (SELECT fold(name) FROM unnest(%(names)s::text[]) AS unwanted (name));

-- name: list_of_workspace :many
-- A workspace's tags with how many items that are not discarded, and tasks, carry each, and when it
-- was last given; in the order asked for. The position of each says where the next page begins.
SELECT id,
       name,
       color,
       items,
       tasks,
       items + tasks AS usage,
       last_used_at,
       created_at,
       position
  FROM (
         SELECT counted.*,
                (
                  CASE %(sort)s::text
                    WHEN 'usage' THEN to_char(999999999 - items - tasks, 'FM000000000')
                    WHEN 'last_used'
                      THEN to_char(
                             999999999999999999 - coalesce(
                               extract(epoch FROM last_used_at) * 1000000, 0
                             ),
                             'FM000000000000000000'
                           )
                    ELSE ''
                  END || E'\x01' || fold(name) || E'\x01' || id
                ) COLLATE "C" AS position
           FROM counted_tags AS counted
          WHERE counted.workspace_id = %(workspace_id)s
            AND (NOT %(unused)s::boolean OR items + tasks = 0)
       ) AS sorted
 WHERE %(after)s::text IS NULL
    OR position > %(after)s
 ORDER BY position
 LIMIT %(limit)s;

-- name: get :one
-- A tag with how much it is used.
SELECT id,
       name,
       color,
       items,
       tasks,
       items + tasks AS usage,
       last_used_at,
       created_at
  FROM counted_tags
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: create :one
-- A tag by its name: a new one, or the one that the workspace has already, whatever its case. Which
-- of both tells a row that was made by this statement.
INSERT INTO tags AS kept (workspace_id, name, color)
VALUES (%(workspace_id)s, %(name)s, %(color)s)
ON CONFLICT (workspace_id, fold(name))
DO UPDATE
      SET name = kept.name
RETURNING id, xmax = 0 AS is_new;

-- name: change :value
-- Another name or colour for a tag; an empty colour takes it away. The database refuses a name that
-- another tag has.
UPDATE tags
   SET name = coalesce(%(name)s, name),
       color = CASE WHEN %(color)s::text IS NULL THEN color ELSE nullif(%(color)s, '') END
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: lock_many :many
-- Holds tags of a workspace until the transaction ends, in the order of their names: whoever gives one
-- of them to something waits.
SELECT id
  FROM tags
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
 ORDER BY fold(name)
   FOR UPDATE;

-- name: merge :exec
-- What carries one tag carries another one instead.
WITH of_items AS (
  INSERT INTO item_tags (item_id, tag_id, created_at)
  SELECT item_id, %(into)s, created_at
    FROM item_tags
   WHERE tag_id = %(id)s
  ON CONFLICT ON CONSTRAINT item_tags_pkey
  DO NOTHING
)
INSERT INTO task_tags (task_id, tag_id, created_at)
SELECT task_id, %(into)s, created_at
  FROM task_tags
 WHERE tag_id = %(id)s
ON CONFLICT ON CONSTRAINT task_tags_pkey
DO NOTHING;

-- name: remove :value
-- Removes a tag from whatever carries it; no row where the workspace has no such tag.
DELETE FROM tags
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;
