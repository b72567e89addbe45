-- Times of tasks: whole days, time zones, reminders, and which task followed which.

-- A task is due at a time or on a day. `time_zone` has an IANA name, null for UTC: a rule keeps the time of
-- day there. `recurs_from` is when the rule began, in that zone, if it began before this task: what it says
-- of the day and the interval is counted from there. `follows_id` is the task whose completion made this
-- one, and `is_edited` says that its user has changed it since: reopening the former one takes this one
-- back as long as it is as it was made. A completed task keeps its rule, but is only followed by one.
-- Its user is reminded at `remind_at`, which is `remind_minutes_before` it is due, if that is set; it was done
-- at `reminded_at`.
ALTER TABLE tasks
  ADD COLUMN due_on date,
  ADD COLUMN time_zone text,
  ADD COLUMN recurs_from timestamp,
  ADD COLUMN follows_id uuid,
  ADD COLUMN is_edited boolean NOT NULL DEFAULT false,
  ADD COLUMN remind_at timestamptz,
  ADD COLUMN remind_minutes_before integer,
  ADD COLUMN reminded_at timestamptz,
  DROP CONSTRAINT tasks_that_recur_are_due,
  ADD CONSTRAINT tasks_that_recur_are_due
    CHECK (recurrence IS NULL OR due_at IS NOT NULL OR due_on IS NOT NULL),
  ADD CONSTRAINT tasks_are_due_at_a_time_or_on_a_day CHECK (due_at IS NULL OR due_on IS NULL),
  ADD CONSTRAINT tasks_time_zone_is_at_most_64_characters CHECK (length(time_zone) <= 64),
  ADD CONSTRAINT tasks_remind_at_most_four_weeks_before
    CHECK (remind_minutes_before IS NULL OR remind_at IS NOT NULL AND remind_minutes_before BETWEEN 0 AND 40320),
  ADD CONSTRAINT tasks_followed_task_exists FOREIGN KEY (follows_id)
    REFERENCES tasks (id) ON DELETE SET NULL,
  ADD CONSTRAINT tasks_are_followed_by_one UNIQUE (follows_id);

-- Those whose users are to be reminded, earliest first.
CREATE INDEX tasks_to_remind_of
    ON tasks (remind_at)
 WHERE reminded_at IS NULL
   AND status = 'pending';

INSERT INTO noted_events (event, entity)
VALUES ('task.reminded', 'task');

INSERT INTO schedules (kind, cron)
VALUES ('remind_tasks', '* * * * *');

ALTER TABLE users
  ADD COLUMN is_reminded_by_mail boolean NOT NULL DEFAULT true;

ALTER TYPE task_answer
  ADD ATTRIBUTE due_on date,
  ADD ATTRIBUTE time_zone text,
  ADD ATTRIBUTE recurs_from timestamp,
  ADD ATTRIBUTE follows_id uuid,
  ADD ATTRIBUTE remind_at timestamptz,
  ADD ATTRIBUTE remind_minutes_before integer,
  ADD ATTRIBUTE reminded_at timestamptz;

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
         task.document_id,
         task.due_on,
         task.time_zone,
         task.recurs_from,
         task.follows_id,
         task.remind_at,
         task.remind_minutes_before,
         task.reminded_at
    FROM tasks AS task
   WHERE task.workspace_id = of_workspace
     AND task.user_id = of_user
     AND (in_status IS NULL OR task.status = in_status)
$$;
