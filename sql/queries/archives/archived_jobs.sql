-- name: read :many
-- A batch of a workspace's jobs, in id order. What is running begins anew elsewhere.
SELECT job.id::text AS at,
       (
         to_jsonb(job) - ARRAY['workspace_id', 'created_by']
         || CASE
              WHEN job.status = 'running' THEN '{"status": "pending", "started_at": null}'
              ELSE '{}'::jsonb
            END
       )::text AS line
  FROM jobs AS job
  JOIN documents AS document
    ON document.id = job.document_id
   AND document.status <> 'awaiting_upload'
 WHERE job.workspace_id = %(workspace_id)s
   AND job.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY job.id
 LIMIT %(limit)s;

-- name: taken :many
-- Those of some ids that a job has, and whether it is the workspace's.
SELECT id,
       workspace_id = %(workspace_id)s AS is_own
  FROM jobs
 WHERE id = ANY (%(ids)s::uuid[]);

-- name: add :exec
-- Adds jobs. The version of the configuration is the one that it has here.
INSERT INTO jobs
SELECT job.*
  FROM jsonb_array_elements(%(rows)s::text::jsonb) AS line
 CROSS JOIN LATERAL jsonb_populate_record(
         NULL::jobs,
         line || jsonb_build_object(
           'workspace_id', %(workspace_id)s::uuid,
           'created_by', %(user_id)s::uuid,
           'configuration_version', (
             SELECT configuration.version
               FROM configurations AS configuration
              WHERE configuration.id = (line ->> 'configuration_id')::uuid
           )
         )
       ) AS job;
