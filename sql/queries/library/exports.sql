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
-- A batch of a workspace's links that are not discarded and in no folder, in id order.
SELECT id,
       source_url,
       coalesce(title, source_url) AS title,
       summary,
       tags,
       is_read,
       is_favourite,
       extract(epoch FROM created_at)::bigint AS added
  FROM item_briefs(%(workspace_id)s) AS item
 WHERE id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
   AND status <> 'discarded'
   AND source_url IS NOT NULL
   AND NOT EXISTS (SELECT FROM folder_items AS held WHERE held.item_id = item.id)
 ORDER BY id
 LIMIT %(limit)s;

-- name: folders :many
-- All folders of a workspace, by their names, and how many items are directly in each.
SELECT folder.id,
       folder.parent_id,
       folder.name,
       extract(epoch FROM folder.created_at)::bigint AS added,
       (
         SELECT count(*)
           FROM folder_items AS held
          WHERE held.workspace_id = folder.workspace_id
            AND held.folder_id = folder.id
       ) AS items
  FROM folders AS folder
 WHERE folder.workspace_id = %(workspace_id)s
 ORDER BY sort_key(folder.name) COLLATE "C", folder.id;

-- name: feeds :many
-- All feeds of a workspace, by what they are called.
SELECT url,
       name,
       title,
       site_url,
       tags,
       folder_id
  FROM feeds
 WHERE workspace_id = %(workspace_id)s
 ORDER BY sort_key(coalesce(name, title, url)) COLLATE "C", id;

-- name: links_within :many
-- A batch of a workspace's links in some folders, not discarded, in the order of the folders and then of
-- their own ids, after the last one of the first folder.
SELECT held.folder_id,
       item.id,
       item.source_url,
       coalesce(item.title, item.source_url) AS title,
       item.summary,
       item.tags,
       item.is_read,
       item.is_favourite,
       extract(epoch FROM item.created_at)::bigint AS added
  FROM (
         SELECT wanted.place,
                wanted.folder_id,
                places.item_id
           FROM unnest(%(folder_ids)s::uuid[]) WITH ORDINALITY AS wanted (folder_id, place)
           JOIN folder_items AS places
             ON places.workspace_id = %(workspace_id)s
            AND places.folder_id = wanted.folder_id
            AND (
                  wanted.place > 1
                  OR places.item_id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
                )
          ORDER BY wanted.place, places.item_id
       ) AS held
 CROSS JOIN LATERAL (
         SELECT *
           FROM item_briefs(%(workspace_id)s) AS brief
          WHERE brief.id = held.item_id
            AND brief.status <> 'discarded'
            AND brief.source_url IS NOT NULL
         OFFSET 0
       ) AS item
 ORDER BY held.place, held.item_id
 LIMIT %(limit)s;

-- name: tasks :many
-- A batch of a user's tasks in a workspace, in id order.
SELECT *
  FROM task_answers(%(workspace_id)s, %(user_id)s)
 WHERE id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000'::uuid)
 ORDER BY id
 LIMIT %(limit)s;
