-- name: create :one
-- A user's new task with its tags.
WITH made AS (
  INSERT INTO tasks
    (
      workspace_id,
      user_id,
      title,
      description,
      due_at,
      due_on,
      time_zone,
      priority,
      recurrence,
      item_id,
      document_id,
      remind_at,
      remind_minutes_before
    )
  VALUES (
    %(workspace_id)s,
    %(user_id)s,
    %(title)s,
    %(description)s,
    %(due_at)s,
    %(due_on)s,
    %(time_zone)s,
    %(priority)s,
    %(recurrence)s,
    %(item_id)s,
    %(document_id)s,
    %(remind_at)s,
    %(remind_minutes_before)s
  )
  RETURNING *
),
tag AS (
  SELECT id, name
    FROM make_tags(%(workspace_id)s, %(tags)s::text[], %(user_id)s)
),
attached AS (
  INSERT INTO task_tags (task_id, tag_id)
  SELECT made.id, tag.id
    FROM made
   CROSS JOIN tag
)
SELECT answer.*
  FROM made
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::task_answer,
         to_jsonb(made) || jsonb_build_object(
                             'completed', false,
                             'tags', ARRAY(SELECT name FROM tag ORDER BY sort_key(name) COLLATE "C")
                           )
       ) AS answer;

-- name: get :one
-- A user's task.
SELECT *
  FROM task_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = %(id)s;

-- name: lock :value
-- Locks a user's task until the transaction ends; no row if there is none.
SELECT id
  FROM tasks
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
   FOR NO KEY UPDATE;

-- name: list_of_user :many
-- A user's tasks in a workspace: all of them or those with one status or about one thing, in the requested
-- order. The position of each says where the next page begins; bytes are compared, the same on every server.
SELECT *
  FROM (
         SELECT task.*,
                (
                  CASE %(sort)s::text
                    WHEN 'title' THEN sort_key(task.title)
                    WHEN 'updated'
                      THEN to_char(task.updated_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')
                    WHEN 'due'
                      THEN coalesce(
                             to_char(
                               coalesce(task.due_at AT TIME ZONE 'UTC', task.due_on), 'YYYYMMDDHH24MISSUS'
                             ),
                             '~'
                           )
                    WHEN 'priority' THEN task.priority::text
                    ELSE ''
                  END || E'\x01' || task.id
                ) COLLATE "C" AS position
           FROM task_answers(%(workspace_id)s, %(user_id)s, %(status)s) AS task
          WHERE (%(item_id)s::uuid IS NULL OR task.item_id = %(item_id)s)
            AND (%(document_id)s::uuid IS NULL OR task.document_id = %(document_id)s)
       ) AS sorted
 WHERE %(after)s::text IS NULL
    OR CASE WHEN %(direction)s = 'asc' THEN position > %(after)s ELSE position < %(after)s END
 ORDER BY CASE WHEN %(direction)s = 'asc' THEN position END,
          CASE WHEN %(direction)s = 'desc' THEN position END DESC
 LIMIT %(limit)s;

-- name: replace :value
-- Replaces what a task says; no row if the user has no such task. A new time or rule begins anew.
UPDATE tasks
   SET title = %(title)s,
       description = %(description)s,
       due_at = %(due_at)s,
       due_on = %(due_on)s,
       time_zone = %(time_zone)s,
       priority = %(priority)s,
       recurrence = %(recurrence)s,
       recurs_from = CASE
         WHEN (due_at, due_on, time_zone, recurrence)
           IS NOT DISTINCT FROM (%(due_at)s, %(due_on)s, %(time_zone)s, %(recurrence)s)
           THEN recurs_from
       END,
       item_id = %(item_id)s,
       document_id = %(document_id)s,
       remind_at = %(remind_at)s,
       remind_minutes_before = %(remind_minutes_before)s,
       reminded_at = CASE WHEN remind_at = %(remind_at)s THEN reminded_at END,
       is_edited = is_edited OR %(is_edited)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;

-- name: make_tags :exec
-- Creates and locks the tags with these names for a user's tasks until the transaction ends, as
-- `tags.make` does for items.
SELECT id
  FROM make_tags(%(workspace_id)s, %(tags)s::text[], %(user_id)s);

-- name: replace_tags :exec
-- Replaces a task's tags.
WITH tag AS (
  SELECT made.id
    FROM make_tags(%(workspace_id)s, %(tags)s::text[], %(user_id)s) AS made
),
removed AS (
  DELETE FROM task_tags
   WHERE task_id = %(task_id)s
     AND tag_id NOT IN (SELECT id FROM tag)
)
INSERT INTO task_tags (task_id, tag_id)
SELECT %(task_id)s, id
  FROM tag
ON CONFLICT ON CONSTRAINT task_tags_pkey
DO NOTHING;

-- name: toggle :one
-- Completes a pending task, or reopens a completed one; returns what the next one needs.
UPDATE tasks
   SET status = CASE status WHEN 'pending' THEN 'completed' ELSE 'pending' END,
       completed_at = CASE status WHEN 'pending' THEN now() END,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id,
          status = 'completed' AS completed,
          recurrence,
          due_at,
          due_on,
          time_zone,
          recurs_from,
          remind_at,
          remind_minutes_before;

-- name: complete_many :many
-- Completes those of a user's tasks that are pending; returns what the next one of each needs.
UPDATE tasks
   SET status = 'completed',
       completed_at = now(),
       updated_at = now()
 WHERE id IN (
         SELECT id
           FROM tasks
          WHERE id = ANY (%(ids)s::uuid[])
            AND workspace_id = %(workspace_id)s
            AND user_id = %(user_id)s
            AND status = 'pending'
          ORDER BY id
            FOR UPDATE
       )
RETURNING id, recurrence, due_at, due_on, time_zone, recurs_from, remind_at, remind_minutes_before;

-- name: find_own :many
-- Those of some ids that are a user's tasks.
SELECT id
  FROM tasks
 WHERE id = ANY (%(ids)s::uuid[])
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: repeat :exec
-- Creates the next ones of recurring tasks, which were just completed: the same, with their tags, each due
-- at its next time. No task is followed by two.
WITH following AS (
  SELECT task.*,
         uuidv7() AS next_id,
         next.due_at AS next_due_at,
         next.due_on AS next_due_on,
         next.rule,
         next.begun,
         next.reminder
    FROM unnest(
           %(ids)s::uuid[],
           %(due_at)s::timestamptz[],
           %(due_on)s::date[],
           %(recurrence)s::text[],
           %(recurs_from)s::timestamp[],
           %(remind_at)s::timestamptz[]
         ) AS next (id, due_at, due_on, rule, begun, reminder)
    JOIN tasks AS task
      ON task.id = next.id
),
made AS (
  INSERT INTO tasks
    (
      id,
      workspace_id,
      user_id,
      title,
      description,
      due_at,
      due_on,
      time_zone,
      priority,
      recurrence,
      recurs_from,
      follows_id,
      item_id,
      document_id,
      remind_at,
      remind_minutes_before
    )
  SELECT next_id,
         workspace_id,
         user_id,
         title,
         description,
         next_due_at,
         next_due_on,
         time_zone,
         priority,
         rule,
         begun,
         id,
         item_id,
         document_id,
         reminder,
         remind_minutes_before
    FROM following
  ON CONFLICT ON CONSTRAINT tasks_are_followed_by_one
  DO NOTHING
  RETURNING id
)
INSERT INTO task_tags (task_id, tag_id)
SELECT made.id, task_tags.tag_id
  FROM made
  JOIN following
    ON following.next_id = made.id
  JOIN task_tags
    ON task_tags.task_id = following.id;

-- name: hold_following :maybe
-- Locks the task that a task's completion made until the transaction ends, and says whether it is still as
-- it was made.
SELECT id,
       status = 'pending' AND NOT is_edited AS is_as_made
  FROM tasks
 WHERE follows_id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
   FOR UPDATE;

-- name: part :exec
-- Leaves the rule of a task to the one that its completion made, which is a task of its own from now on.
WITH following AS (
  UPDATE tasks
     SET follows_id = NULL
   WHERE follows_id = %(id)s
     AND workspace_id = %(workspace_id)s
     AND user_id = %(user_id)s
)
UPDATE tasks
   SET recurrence = NULL,
       recurs_from = NULL
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: remove :value
-- Removes a task; no row if the user has no such task. Its history stays.
WITH removed AS (
  DELETE FROM tasks
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
     AND user_id = %(user_id)s
  RETURNING id, workspace_id, user_id, status
),
recorded AS (
  INSERT INTO events (workspace_id, user_id, entity, entity_id, event, from_status, actor, request_id)
  SELECT workspace_id,
         user_id,
         'task',
         id,
         'task.deleted',
         status,
         current_setting('coffer.actor'),
         nullif(current_setting('coffer.request_id'), '')
    FROM removed
)
SELECT id
  FROM removed;

-- name: remind :value
-- Reminds of a batch of tasks whose time for that has come: by an event, and by a mail to those who want
-- one. Returns how many.
WITH due AS MATERIALIZED (
  SELECT id
    FROM tasks
   WHERE remind_at <= now()
     AND reminded_at IS NULL
     AND status = 'pending'
   ORDER BY remind_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
),
reminded AS (
  UPDATE tasks
     SET reminded_at = now()
    FROM due
   WHERE tasks.id = due.id
  RETURNING tasks.*
),
recorded AS (
  INSERT INTO events (workspace_id, user_id, entity, entity_id, event, actor)
  SELECT workspace_id,
         user_id,
         'task',
         id,
         'task.reminded',
         current_setting('coffer.actor')
    FROM reminded
),
mailed AS (
  INSERT INTO mails (template, recipient, about, details)
  SELECT 'task_reminder',
         account.email,
         reminded.id,
         jsonb_build_object(
           'title', reminded.title,
           'due_at', reminded.due_at,
           'due_on', reminded.due_on,
           'time_zone', reminded.time_zone
         )
    FROM reminded
    JOIN members AS member
      ON member.workspace_id = reminded.workspace_id
     AND member.user_id = reminded.user_id
    JOIN users AS account
      ON account.id = reminded.user_id
   WHERE %(sends_mail)s
     AND account.is_reminded_by_mail
     AND account.email_verified_at IS NOT NULL
     AND account.disabled_at IS NULL
)
SELECT count(*)
  FROM reminded;
