DROP FUNCTION task_answers(uuid, uuid, text);
ALTER TYPE task_answer DROP ATTRIBUTE document_id;
ALTER TABLE tasks
  DROP CONSTRAINT tasks_document_exists,
  DROP COLUMN document_id;
CREATE FUNCTION task_answers(of_workspace uuid, of_user uuid, in_status text DEFAULT NULL)
RETURNS SETOF task_answer
LANGUAGE sql
STABLE
PARALLEL SAFE
AS $$
  SELECT task.id,
         task.user_id,
         task.title,
         task.description,
         task.status = 'completed',
         task.due_at,
         task.priority,
         task.recurrence,
         task.item_id,
         ARRAY(
           SELECT tag.name
             FROM task_tags
             JOIN tags AS tag
               ON tag.id = task_tags.tag_id
            WHERE task_tags.task_id = task.id
            ORDER BY fold(tag.name)
         ),
         task.created_at,
         task.updated_at,
         task.completed_at
    FROM tasks AS task
   WHERE task.workspace_id = of_workspace
     AND task.user_id = of_user
     AND (in_status IS NULL OR task.status = in_status)
$$;
