-- name: make :exec
-- Creates and locks a workspace's tags with these names until the transaction ends. Whatever
-- changes something and gives it tags locks the tags first, so that two ways to do so never deadlock; and so
-- does a merge.
SELECT id
  FROM make_tags(%(workspace_id)s, %(names)s::text[]);

-- name: attach :exec
-- Attaches tags by name to items; missing tags are created.
INSERT INTO item_tags (item_id, tag_id)
SELECT item.id, tag.id
  FROM unnest(%(item_ids)s::uuid[]) AS item (id)
 CROSS JOIN make_tags(%(workspace_id)s, %(names)s::text[]) AS tag
ON CONFLICT ON CONSTRAINT item_tags_pkey
DO NOTHING;

-- name: detach :exec
-- Removes tags from items by name; the tags themselves stay.
DELETE FROM item_tags
 USING tags AS tag
 WHERE item_tags.item_id = ANY (%(item_ids)s::uuid[])
   AND tag.id = item_tags.tag_id
   AND tag.workspace_id = %(workspace_id)s
   AND fold(tag.name) IN (SELECT fold(name) FROM unnest(%(names)s::text[]) AS unwanted (name));

-- name: list_of_workspace :many
-- The tags of a workspace that some audiences see, in the requested order. The position of each
-- says where the next page begins. Uses are counted for the tags on the page, and for all tags only
-- if they determine which these are.
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
                    END || E'\x01' || sort_key(tag.name) || E'\x01' || tag.id
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
-- A workspace's tag by name: a new one, or the existing one, in any case. Only a row created by
-- this statement has no xmax.
INSERT INTO tags AS kept (workspace_id, audience, name, color)
VALUES (%(workspace_id)s, %(workspace_id)s, %(name)s, %(color)s)
ON CONFLICT (workspace_id, fold(name), audience)
DO UPDATE
      SET name = kept.name
RETURNING id, xmax = 0 AS is_new;

-- name: change :value
-- Changes the name or colour of a tag that some audiences see; an empty colour removes it. The
-- database refuses a name that another tag of the same audience has.
UPDATE tags
   SET name = coalesce(%(name)s, name),
       color = CASE WHEN %(color)s::text IS NULL THEN color ELSE nullif(%(color)s, '') END
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
RETURNING id;

-- name: lock_many :many
-- Locks tags that some audiences see until the transaction ends, in name order: statements that
-- attach one of them wait.
SELECT id,
       audience <> workspace_id AS is_private
  FROM tags
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
 ORDER BY fold(name)
   FOR UPDATE;

-- name: merge :exec
-- Gives everything that has one tag the other one too.
SELECT copy_tag_uses(%(id)s, %(into)s);

-- name: remove :value
-- Removes a tag from everything that has it; no row if the audiences see no such tag.
DELETE FROM tags
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND audience = ANY (%(audiences)s::uuid[])
RETURNING id;
