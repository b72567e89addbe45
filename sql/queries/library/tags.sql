-- name: make :exec
-- Makes and holds a workspace's tags of these names until the transaction ends. Whoever changes
-- something and gives it tags holds the tags first, and so does whoever merges them.
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
-- The tags of a workspace that some audiences see, in the order asked for. The position of each says
-- where the next page begins. Uses are counted of the tags on the page, and of all tags only where they
-- decide which these are.
WITH page AS (
  SELECT id, position
    FROM (
           SELECT tag.id,
                  (
                    CASE %(sort)s::text
                      WHEN 'usage'
                        THEN (
                               SELECT to_char(999999999 - uses.usage, 'FM000000000')
                                 FROM count_tag_uses(tag.id, %(audiences)s) AS uses
                             )
                      WHEN 'last_used'
                        THEN (
                               SELECT to_char(
                                        999999999999999999 - coalesce(
                                          extract(epoch FROM uses.last_used_at) * 1000000, 0
                                        ),
                                        'FM000000000000000000'
                                      )
                                 FROM count_tag_uses(tag.id, %(audiences)s) AS uses
                             )
                      ELSE ''
                    END || E'\x01' || fold(tag.name) || E'\x01' || tag.id
                  ) COLLATE "C" AS position
             FROM tags AS tag
            WHERE tag.workspace_id = %(workspace_id)s
              AND tag.audience = ANY (%(audiences)s::uuid[])
              AND (
                    NOT %(unused)s::boolean
                    OR (SELECT usage = 0 FROM count_tag_uses(tag.id, %(audiences)s))
                  )
         ) AS sorted
   WHERE %(after)s::text IS NULL
      OR position > %(after)s
   ORDER BY position
   LIMIT %(limit)s
)
SELECT answer.*, page.position
  FROM page
  JOIN tag_answers(%(workspace_id)s, %(audiences)s) AS answer
    ON answer.id = page.id
 ORDER BY page.position;

-- name: get :one
-- A tag that some audiences see.
SELECT *
  FROM tag_answers(%(workspace_id)s, %(audiences)s::uuid[])
 WHERE id = %(id)s;

-- name: create :one
-- A tag of a workspace by its name: a new one, or the one that is there already, whatever its case. Only
-- a row that this statement made has no xmax.
INSERT INTO tags AS kept (workspace_id, audience, name, color)
VALUES (%(workspace_id)s, %(workspace_id)s, %(name)s, %(color)s)
ON CONFLICT (workspace_id, fold(name), audience)
DO UPDATE
      SET name = kept.name
RETURNING id, xmax = 0 AS is_new;

-- name: change :value
-- Another name or colour for a tag that some audiences see; an empty colour takes it away. The database
-- refuses a name that another tag of the same audience has.
UPDATE tags
   SET name = coalesce(%(name)s, name),
       color = CASE WHEN %(color)s::text IS NULL THEN color ELSE nullif(%(color)s, '') END
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
RETURNING id;

-- name: lock_many :many
-- Holds tags that some audiences see until the transaction ends, in the order of their names: whoever
-- gives one of them to something waits.
SELECT id,
       audience <> workspace_id AS is_private
  FROM tags
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
 ORDER BY fold(name)
   FOR UPDATE;

-- name: merge :exec
-- What carries one tag carries another one too.
SELECT copy_tag_uses(%(id)s, %(into)s);

-- name: remove :value
-- Removes a tag from whatever carries it; no row where the audiences see no such tag.
DELETE FROM tags
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
RETURNING id;
