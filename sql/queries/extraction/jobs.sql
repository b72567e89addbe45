-- name: create :many
-- Starts a job for each of some documents of a workspace that is ready, with a configuration or, if none is
-- named, with the active one of the document's category. Says of each document what became of it; with
-- `skip_running` and `skip_done`, no job is started that would repeat one of the same version of the
-- document and of the configuration.
WITH candidate AS MATERIALIZED (
  SELECT document.id AS document_id,
         document.status,
         document.version_id,
         configuration.id AS configuration_id,
         configuration.version AS configuration_version,
         CASE
           WHEN configuration.id IS NULL AND %(configuration_id)s::uuid IS NOT NULL THEN 'no_configuration'
           WHEN document.status <> 'ready' THEN 'document_not_ready'
           WHEN configuration.id IS NULL THEN 'no_active_configuration'
           WHEN configuration.version <> %(version)s::integer THEN 'version_mismatch'
           WHEN %(skip_running)s::boolean AND EXISTS (
                  SELECT
                    FROM jobs AS standing
                   WHERE standing.version_id = document.version_id
                     AND standing.configuration_id = configuration.id
                     AND standing.status IN ('pending', 'running')
                ) THEN 'already_running'
           WHEN %(skip_done)s::boolean AND EXISTS (
                  SELECT
                    FROM jobs AS standing
                   WHERE standing.version_id = document.version_id
                     AND standing.configuration_id = configuration.id
                     AND standing.status = 'succeeded'
                ) THEN 'already_done'
           ELSE 'created'
         END AS result
    FROM documents AS document
    LEFT JOIN configurations AS configuration
      ON configuration.workspace_id = document.workspace_id
     AND (
           configuration.id = %(configuration_id)s
           OR (
                %(configuration_id)s::uuid IS NULL
                AND configuration.status = 'active'
                AND fold(configuration.document_type) = fold(document.category)
              )
         )
   WHERE document.id = ANY (%(document_ids)s::uuid[])
     AND document.workspace_id = %(workspace_id)s
),
made AS (
  INSERT INTO jobs
    (workspace_id, document_id, version_id, configuration_id, configuration_version, created_by)
  SELECT %(workspace_id)s,
         document_id,
         version_id,
         configuration_id,
         configuration_version,
         %(created_by)s
    FROM candidate
   WHERE result = 'created'
   ORDER BY document_id
  RETURNING id, document_id
)
SELECT candidate.document_id,
       candidate.result,
       candidate.status,
       candidate.configuration_version,
       made.id AS job_id
  FROM candidate
  LEFT JOIN made
    ON made.document_id = candidate.document_id;

-- name: get :one
-- A complete job.
SELECT *
  FROM job_answers(%(workspace_id)s)
 WHERE id = %(id)s;

-- name: exists :value
-- The id of a job; no row if the workspace has no such job.
SELECT id
  FROM jobs
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s;

-- name: list_of_workspace :many
-- Jobs that match the filters, newest first, without their fields.
SELECT id,
       document_id,
       document_version,
       sha256,
       configuration_id,
       configuration_version,
       document_type,
       status,
       is_automatic,
       metrics,
       error,
       error_code,
       created_by,
       created_at,
       updated_at,
       started_at,
       ended_at,
       progress
  FROM job_answers(%(workspace_id)s) AS job
 WHERE job.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (%(document_id)s::uuid IS NULL OR job.document_id = %(document_id)s)
   AND (%(configuration_id)s::uuid IS NULL OR job.configuration_id = %(configuration_id)s)
   AND (%(document_type)s::text IS NULL OR fold(job.document_type) = fold(%(document_type)s))
   AND (%(status)s::text IS NULL OR job.status = %(status)s)
 ORDER BY job.id DESC
 LIMIT %(limit)s;

-- name: hold_work :maybe
-- Locks the queued work of a job until the transaction ends. Workers lock it before the job, and so does
-- whoever queues it anew.
SELECT claim
  FROM outbox
 WHERE kind = 'run_jobs'
   AND subject_id = %(id)s
   AND workspace_id = %(workspace_id)s
   FOR UPDATE;

-- name: act :value
-- Performs an action on a job; the id, or no row if the workspace has no such job. The database refuses an
-- action that the status does not allow.
UPDATE jobs
   SET status = next_status('job', status, %(action)s),
       error = NULL,
       error_code = NULL,
       started_at = CASE WHEN %(action)s = 'cancel' THEN started_at END,
       ended_at = CASE WHEN %(action)s = 'cancel' THEN now() END,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
RETURNING id;

-- name: start :value
-- A worker begins a job, or goes on with one whose worker died; whether the job still needs it.
WITH begun AS (
  UPDATE jobs
     SET status = 'running',
         started_at = now(),
         updated_at = now()
   WHERE id = %(id)s
     AND status = 'pending'
  RETURNING id
)
SELECT EXISTS (SELECT FROM begun)
       OR EXISTS (SELECT FROM jobs WHERE id = %(id)s AND status = 'running');

-- name: put_back :exec
-- A worker gives a job back, to be run later.
UPDATE jobs
   SET status = 'pending',
       started_at = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'running';

-- name: load :many
-- The jobs to run: where the bytes of their versions are, and their configurations. No row for those that
-- no longer run.
SELECT job.id,
       document.status AS document_status,
       version.name,
       object.key,
       configuration.body
  FROM jobs AS job
  JOIN documents AS document
    ON document.id = job.document_id
  JOIN document_versions AS version
    ON version.id = job.version_id
  JOIN configurations AS configuration
    ON configuration.id = job.configuration_id
  LEFT JOIN objects AS object
    ON object.id = version.object_id
   AND object.status = 'stored'
 WHERE job.id = ANY (%(ids)s::uuid[])
   AND job.status = 'running';

-- name: count_running :value
-- How many of some jobs still run.
SELECT count(*)
  FROM jobs
 WHERE id = ANY (%(ids)s::uuid[])
   AND status = 'running';

-- name: lock_running :maybe
-- Locks a job that still runs, until the transaction ends; first its document, as a purge does.
WITH document AS MATERIALIZED (
  SELECT documents.id
    FROM documents
   WHERE documents.id = (SELECT jobs.document_id FROM jobs WHERE jobs.id = %(id)s)
     FOR KEY SHARE
)
SELECT job.workspace_id,
       job.document_id
  FROM jobs AS job
 WHERE job.id = %(id)s
   AND job.status = 'running'
   AND job.document_id = (SELECT document.id FROM document)
   FOR NO KEY UPDATE;

-- name: succeed :exec
-- Saves that a job has run, the fields that were found, the tables that were left out, and what it took
-- and gave.
UPDATE jobs
   SET status = 'succeeded',
       fields = %(fields)s,
       left_out = %(left_out)s,
       metrics = %(metrics)s,
       error = NULL,
       error_code = NULL,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status = 'running';

-- name: fail :exec
-- Saves that a job has failed, and why.
UPDATE jobs
   SET status = 'failed',
       error = %(error)s,
       error_code = %(error_code)s,
       updated_at = now(),
       ended_at = now()
 WHERE id = %(id)s
   AND status IN ('pending', 'running');

-- name: retry :exec
-- Runs a failed job again, for an operator.
UPDATE jobs
   SET status = 'pending',
       error = NULL,
       error_code = NULL,
       started_at = NULL,
       ended_at = NULL,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'failed';
