-- name: read :many
-- A batch of a user's tasks in a workspace, in id order, with their tags.
SELECT task.id::text AS at,
       (
         to_jsonb(task) - ARRAY['workspace_id', 'user_id']
         || jsonb_build_object(
              'tags', (
                SELECT coalesce(
                         jsonb_agg(
                           jsonb_build_object('id', tag.id, 'name', tag.name, 'at', used.created_at)
                           ORDER BY tag.id
                         ),
                         '[]'
                       )
                  FROM task_tags AS used
                  JOIN tags AS tag
                    ON tag.id = used.tag_id
                 WHERE used.task_id = task.id
              )
            )
       )::text AS line
  FROM tasks AS task
 WHERE task.workspace_id = %(workspace_id)s
   AND task.user_id = %(user_id)s
   AND task.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY task.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a task has, and whether it is the user's own in the workspace.
SELECT id,
       workspace_id = %(workspace_id)s AND user_id = %(user_id)s AS is_own
  FROM tasks
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds tasks of a user, with their tags.
WITH given AS MATERIALIZED (
  SELECT line,
         (line ->> 'id')::uuid AS id
    FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
),
tagged AS (
  INSERT INTO task_tags (task_id, tag_id, created_at)
  SELECT given.id,
         used.id,
         used.at
    FROM given
   CROSS JOIN LATERAL jsonb_to_recordset(given.line -> 'tags') AS used (id uuid, at timestamptz)
)
INSERT INTO tasks
SELECT task.*
  FROM given
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::tasks,
         given.line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'user_id', %(user_id)s::uuid
         )
       ) AS task
 ORDER BY task.id;
