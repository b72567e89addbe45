-- name: create :value
-- A new annotation of an item; its id, or no row if the item has as many as it may.
INSERT INTO annotations
  (
    workspace_id,
    item_id,
    created_by,
    quote,
    prefix,
    suffix,
    start_offset,
    end_offset,
    color,
    note
  )
SELECT %(workspace_id)s,
       %(item_id)s,
       %(created_by)s,
       %(quote)s,
       %(prefix)s,
       %(suffix)s,
       %(start_offset)s,
       %(end_offset)s,
       %(color)s,
       %(note)s
 WHERE (
         SELECT count(*)
           FROM annotations
          WHERE workspace_id = %(workspace_id)s
            AND item_id = %(item_id)s
       ) < %(most)s
RETURNING id;

-- name: get :one
-- An annotation.
SELECT *
  FROM annotation_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: list_of_item :many
-- An item's annotations, oldest first.
SELECT *
  FROM annotation_answers(%(workspace_id)s)
 WHERE item_id = %(item_id)s
   AND id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY id
 LIMIT %(limit)s;

-- name: list_of_workspace :many
-- A workspace's annotations, without those of discarded items, newest first.
SELECT *
  FROM annotation_answers(%(workspace_id)s)
 WHERE item_status <> 'discarded'
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: change :value
-- Changes an annotation; the id, or no row if the workspace has no such annotation.
UPDATE annotations
   SET prefix = changed.prefix,
       suffix = changed.suffix,
       start_offset = changed.start_offset,
       end_offset = changed.end_offset,
       color = changed.color,
       note = changed.note,
       updated_at = now()
  FROM annotations AS standing
 CROSS JOIN LATERAL jsonb_populate_record(standing, %(fields)s::jsonb) AS changed
 WHERE standing.id = %(id)s
   AND annotations.id = standing.id
   AND annotations.workspace_id = %(workspace_id)s
RETURNING annotations.id;

-- name: remove :value
-- Removes an annotation; the id, or no row if the workspace has no such annotation.
DELETE FROM annotations
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;
