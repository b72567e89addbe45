-- name: items :many
-- A batch of a workspace's items that are not discarded, in the order of their ids, whole.
SELECT item.id,
       item.source_type,
       item.source_url,
       item.status,
       item.title,
       item.summary,
       item.language,
       item.error,
       item.tags,
       item.created_at,
       item.updated_at,
       item.confirmed_at,
       item.raw_text,
       item.author,
       item.published_at,
       item.content,
       (
         SELECT coalesce(
                  jsonb_agg(
                    jsonb_build_object(
                      'name', suggestion.name,
                      'confidence', suggestion.confidence,
                      'status', suggestion.status
                    )
                    ORDER BY suggestion.confidence DESC, suggestion.name
                  ),
                  '[]'
                )
           FROM suggestions AS suggestion
          WHERE suggestion.item_id = item.id
       ) AS suggestions
  FROM tagged_items AS item
 WHERE item.workspace_id = %(workspace_id)s
   AND item.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
   AND item.status <> 'discarded'
 ORDER BY item.id
 LIMIT %(limit)s;

-- name: links :many
-- A batch of a workspace's links that are not discarded, in the order of their ids.
SELECT item.id,
       item.source_url,
       coalesce(item.title, item.source_url) AS title,
       item.summary,
       item.tags,
       extract(epoch FROM item.created_at)::bigint AS added
  FROM tagged_items AS item
 WHERE item.workspace_id = %(workspace_id)s
   AND item.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
   AND item.status <> 'discarded'
   AND item.source_url IS NOT NULL
 ORDER BY item.id
 LIMIT %(limit)s;

-- name: tasks :many
-- A batch of a user's tasks in a workspace, in the order of their ids.
SELECT task.id,
       task.title,
       task.description,
       task.status = 'completed' AS completed,
       task.due_at,
       task.priority,
       task.recurrence,
       task.item_id,
       task.tags,
       task.created_at,
       task.updated_at,
       task.completed_at
  FROM tagged_tasks AS task
 WHERE task.workspace_id = %(workspace_id)s
   AND task.user_id = %(user_id)s
   AND task.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY task.id
 LIMIT %(limit)s;
