-- Tasks: what a user has to do, with a due time, a priority, tags, and a link to an item.

-- `recurrence` is an RRULE of RFC 5545: completing the task creates the next one.
CREATE TABLE tasks (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  status       text        NOT NULL DEFAULT 'pending',
  title        text        NOT NULL,
  description  text,
  due_at       timestamptz,
  priority     smallint    NOT NULL DEFAULT 0,
  recurrence   text,
  item_id      uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  CONSTRAINT tasks_pkey PRIMARY KEY (id),
  CONSTRAINT tasks_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT tasks_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT tasks_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE SET NULL (item_id),
  CONSTRAINT tasks_title_is_1_to_200_characters CHECK (length(title) BETWEEN 1 AND 200),
  CONSTRAINT tasks_title_is_not_blank CHECK (title ~ '\S'),
  CONSTRAINT tasks_description_is_at_most_1000_characters CHECK (length(description) <= 1000),
  CONSTRAINT tasks_priority_is_0_to_3 CHECK (priority BETWEEN 0 AND 3),
  CONSTRAINT tasks_recurrence_is_at_most_200_characters CHECK (length(recurrence) <= 200),
  CONSTRAINT tasks_that_recur_are_due CHECK (recurrence IS NULL OR due_at IS NOT NULL)
);

INSERT INTO transitions
  (entity, from_status, to_status,   event,            action,     work, payload)
VALUES
  ('task', NULL,        'pending',   'task.created',   NULL,       NULL, '{}'),
  ('task', 'pending',   'completed', 'task.completed', 'complete', NULL, '{}'),
  ('task', 'completed', 'pending',   'task.reopened',  'reopen',   NULL, '{}');

CALL follow_transitions('tasks', 'task');

-- A user's tasks in a workspace, and the tasks about an item.
CREATE INDEX tasks_by_user ON tasks (workspace_id, user_id, status, id);
CREATE INDEX tasks_by_item ON tasks (workspace_id, item_id) WHERE item_id IS NOT NULL;

CREATE TABLE task_tags (
  task_id    uuid        NOT NULL,
  tag_id     uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT task_tags_pkey PRIMARY KEY (task_id, tag_id),
  CONSTRAINT task_tags_task_exists FOREIGN KEY (task_id) REFERENCES tasks (id) ON DELETE CASCADE,
  CONSTRAINT task_tags_tag_exists FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);

CREATE INDEX task_tags_by_tag ON task_tags (tag_id);

CREATE VIEW tag_uses_tasks
WITH (security_invoker = true)
AS
SELECT task_tags.tag_id,
       'task' AS type,
       task.user_id AS audience,
       true AS counts,
       task_tags.created_at AS used_at
  FROM task_tags
  JOIN tasks AS task
    ON task.id = task_tags.task_id;

CALL unite_views('tag_uses');

-- A task's columns in responses.
CREATE TYPE task_answer AS (
  id           uuid,
  user_id      uuid,
  title        text,
  description  text,
  completed    boolean,
  due_at       timestamptz,
  priority     smallint,
  recurrence   text,
  item_id      uuid,
  tags         text[],
  created_at   timestamptz,
  updated_at   timestamptz,
  completed_at timestamptz
);

-- A user's tasks in a workspace in responses, all of them or those with one status: a view with
-- parameters, like `item_answers`.
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

CREATE VIEW searchable_tasks
WITH (security_invoker = true)
AS
SELECT task.id,
       'task' AS type,
       task.workspace_id,
       task.user_id AS audience,
       'task' AS kind,
       task.status,
       'simple' AS config,
       task.title,
       NULL AS summary,
       NULL AS origin,
       task.description AS body,
       NULL AS source_url,
       ARRAY(SELECT tag_id FROM task_tags WHERE task_tags.task_id = task.id) AS tag_ids,
       task.created_at
  FROM tasks AS task;

CALL make_searchable('tasks', tagged_by => 'task_tags');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:tasks:read'),
  ('member', 'workspace:tasks:read'),
  ('member', 'workspace:tasks:write'),
  ('owner',  'workspace:tasks:read'),
  ('owner',  'workspace:tasks:write');
