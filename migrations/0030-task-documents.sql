-- What a task is about may be a document.

ALTER TABLE tasks
  ADD COLUMN document_id uuid,
  ADD CONSTRAINT tasks_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE SET NULL (document_id);

CREATE INDEX tasks_by_document ON tasks (workspace_id, document_id) WHERE document_id IS NOT NULL;

ALTER TYPE task_answer ADD ATTRIBUTE document_id uuid;

CREATE OR REPLACE FUNCTION task_answers(of_workspace uuid, of_user uuid, in_status text DEFAULT NULL)
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
         task.completed_at,
         task.document_id
    FROM tasks AS task
   WHERE task.workspace_id = of_workspace
     AND task.user_id = of_user
     AND (in_status IS NULL OR task.status = in_status)
$$;
