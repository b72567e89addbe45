-- name: items :many
-- A batch of a workspace's items that are not discarded, complete, with their annotations, in id order.
SELECT item.*,
       (
         SELECT coalesce(jsonb_agg(to_jsonb(annotation) ORDER BY annotation.id), '[]')
           FROM annotation_answers(%(workspace_id)s) AS annotation
          WHERE annotation.item_id = item.id
       ) AS annotations
  FROM item_answers(%(workspace_id)s) AS item
 WHERE id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
   AND status <> 'discarded'
 ORDER BY id
 LIMIT %(limit)s;

-- name: links :many
-- A batch of a workspace's links that are not discarded, in id order.
SELECT id,
       source_url,
       coalesce(title, source_url) AS title,
       summary,
       tags,
       is_read,
       is_favourite,
       extract(epoch FROM created_at)::bigint AS added
  FROM item_briefs(%(workspace_id)s)
 WHERE id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
   AND status <> 'discarded'
   AND source_url IS NOT NULL
 ORDER BY id
 LIMIT %(limit)s;

-- name: tasks :many
-- A batch of a user's tasks in a workspace, in id order.
SELECT *
  FROM task_answers(%(workspace_id)s, %(user_id)s)
 WHERE id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY id
 LIMIT %(limit)s;
