-- What is answered of items and tasks has the names of their tags; written once for all queries.
CREATE VIEW tagged_items
WITH (security_invoker = true)
AS
SELECT item.*,
       ARRAY(
         SELECT tag.name
           FROM item_tags
           JOIN tags AS tag
             ON tag.id = item_tags.tag_id
          WHERE item_tags.item_id = item.id
          ORDER BY fold(tag.name)
       ) AS tags
  FROM items AS item;

CREATE VIEW tagged_tasks
WITH (security_invoker = true)
AS
SELECT task.*,
       ARRAY(
         SELECT tag.name
           FROM task_tags
           JOIN tags AS tag
             ON tag.id = task_tags.tag_id
          WHERE task_tags.task_id = task.id
          ORDER BY fold(tag.name)
       ) AS tags
  FROM tasks AS task;

-- Tags with how much they are used; what is discarded counts no more.
CREATE VIEW counted_tags
WITH (security_invoker = true)
AS
SELECT tag.*,
       (
         SELECT count(*)
           FROM item_tags
           JOIN items AS item
             ON item.id = item_tags.item_id
            AND item.status <> 'discarded'
          WHERE item_tags.tag_id = tag.id
       ) AS items,
       (
         SELECT count(*)
           FROM task_tags
          WHERE task_tags.tag_id = tag.id
       ) AS tasks,
       greatest(
         (SELECT max(created_at) FROM item_tags WHERE item_tags.tag_id = tag.id),
         (SELECT max(created_at) FROM task_tags WHERE task_tags.tag_id = tag.id)
       ) AS last_used_at
  FROM tags AS tag;

-- The tags that rows of imports are to get, made where the workspace has them not.
CREATE FUNCTION tags_of_import_rows(workspace uuid, row_ids uuid[])
RETURNS TABLE (row_id uuid, tag_id uuid)
LANGUAGE sql
VOLATILE
AS $$
  WITH wanted AS (
    SELECT row.row_id, name.name
      FROM import_rows AS row
     CROSS JOIN LATERAL jsonb_array_elements_text(row.payload -> 'tags') AS name (name)
     WHERE row.row_id = ANY (row_ids)
  )
  SELECT DISTINCT
         wanted.row_id,
         made.id
    FROM make_tags(workspace, ARRAY(SELECT name FROM wanted)) AS made
    JOIN wanted
      ON fold(wanted.name) = fold(made.name)
$$;
