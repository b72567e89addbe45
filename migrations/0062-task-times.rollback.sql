UPDATE tasks
   SET recurrence = NULL
 WHERE id IN (SELECT follows_id FROM tasks);
UPDATE tasks
   SET due_at = due_on::timestamp AT TIME ZONE 'UTC'
 WHERE due_on IS NOT NULL;

DROP FUNCTION task_answers(uuid, uuid, text);
ALTER TYPE task_answer
  DROP ATTRIBUTE due_on,
  DROP ATTRIBUTE time_zone,
  DROP ATTRIBUTE recurs_from,
  DROP ATTRIBUTE follows_id,
  DROP ATTRIBUTE remind_at,
  DROP ATTRIBUTE remind_minutes_before,
  DROP ATTRIBUTE reminded_at;

ALTER TABLE users DROP COLUMN is_reminded_by_mail;
DELETE FROM schedules WHERE kind = 'remind_tasks';
DELETE FROM outbox WHERE kind = 'remind_tasks';
DELETE FROM dead_letters WHERE kind = 'remind_tasks';
DELETE FROM noted_events WHERE event = 'task.reminded';

ALTER TABLE tasks
  DROP CONSTRAINT tasks_that_recur_are_due,
  DROP COLUMN due_on,
  DROP COLUMN time_zone,
  DROP COLUMN recurs_from,
  DROP COLUMN follows_id,
  DROP COLUMN is_edited,
  DROP COLUMN remind_at,
  DROP COLUMN remind_minutes_before,
  DROP COLUMN reminded_at,
  ADD CONSTRAINT tasks_that_recur_are_due CHECK (recurrence IS NULL OR due_at IS NOT NULL);
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
         task.completed_at,
         task.document_id
    FROM tasks AS task
   WHERE task.workspace_id = of_workspace
     AND task.user_id = of_user
     AND (in_status IS NULL OR task.status = in_status)
$$;
