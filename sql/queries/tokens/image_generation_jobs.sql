-- name: start :value
-- A worker begins a token, or goes on with one whose worker died; whether it still needs a picture. If
-- neither an attempt for its author is under way nor one has succeeded, another one begins, with what the
-- prompt says now or, if that was refused, with the collection's fallback prompt. Attempts for another
-- author, whose mint was undone, end.
WITH moved AS (
  UPDATE tokens
     SET status = 'generating',
         updated_at = now()
   WHERE id = %(token_id)s
     AND status = 'detected'
), wanted AS (
  SELECT token.id,
         token.workspace_id,
         token.author_id,
         coalesce(author.prompt_text, collection.default_prompt) AS prompt,
         collection.fallback_prompt
    FROM tokens AS token
    JOIN authors AS author
      ON author.id = token.author_id
    JOIN collections AS collection
      ON collection.id = token.collection_id
   WHERE token.id = %(token_id)s
     AND token.status IN ('detected', 'generating')
), outdated AS (
  UPDATE image_generation_jobs AS job
     SET status = 'failed',
         error = 'The token was minted again, for another author.',
         completed_at = now()
    FROM wanted
   WHERE job.token_id = wanted.id
     AND job.author_id <> wanted.author_id
     AND job.status IN ('pending', 'running')
), refused AS (
  SELECT coalesce(bool_or(job.prompt = wanted.prompt AND NOT job.is_fallback), false) AS is_prompt
    FROM wanted
    JOIN image_generation_jobs AS job
      ON job.token_id = wanted.id
     AND job.author_id = wanted.author_id
     AND job.status = 'refused'
), begun AS (
  INSERT INTO image_generation_jobs
    (workspace_id, token_id, author_id, prompt, is_fallback, seed)
  SELECT wanted.workspace_id,
         wanted.id,
         wanted.author_id,
         CASE WHEN refused.is_prompt THEN wanted.fallback_prompt ELSE wanted.prompt END,
         refused.is_prompt,
         floor(random() * 2147483648)
    FROM wanted
   CROSS JOIN refused
   WHERE NOT EXISTS (
           SELECT FROM image_generation_jobs AS job
            WHERE job.token_id = wanted.id
              AND job.author_id = wanted.author_id
              AND job.status IN ('pending', 'running', 'succeeded')
         )
)
SELECT EXISTS (SELECT FROM wanted);

-- name: put_back :exec
-- A worker gives a token back, to go on later.
UPDATE tokens
   SET status = 'detected',
       updated_at = now()
 WHERE id = %(token_id)s
   AND status = 'generating';

-- name: load :many
-- The attempts under way for some tokens that are generated, or those that have succeeded. `is_refused` if
-- a service has refused this prompt before.
SELECT DISTINCT ON (token.id)
       job.id,
       job.workspace_id,
       job.token_id,
       job.author_id,
       job.service,
       job.status,
       job.prompt,
       job.is_fallback,
       job.seed,
       token.token_id AS number,
       job.external_id,
       job.asked_at,
       job.charged_on,
       extract(epoch FROM now() - job.asked_at)::float AS asked_for,
       job.cid,
       EXISTS (
         SELECT FROM image_generation_jobs AS earlier
          WHERE earlier.token_id = job.token_id
            AND earlier.author_id = job.author_id
            AND earlier.status = 'refused'
            AND earlier.prompt = job.prompt
       ) AS is_refused
  FROM tokens AS token
  JOIN image_generation_jobs AS job
    ON job.token_id = token.id
   AND job.author_id = token.author_id
   AND job.status IN ('pending', 'running', 'succeeded')
 WHERE token.id = ANY (%(token_ids)s::uuid[])
   AND token.status = 'generating'
 ORDER BY token.id,
          job.id DESC;

-- name: count_generating :value
-- How many of some tokens are still generated.
SELECT count(*)
  FROM tokens
 WHERE id = ANY (%(token_ids)s::uuid[])
   AND status = 'generating';

-- name: ask :exec
-- A service is about to be asked; 0 if somebody else has asked since the attempt was loaded.
UPDATE image_generation_jobs
   SET status = 'running',
       service = %(service)s,
       asked_at = clock_timestamp(),
       charged_on = coalesce(charged_on, (now() AT TIME ZONE 'UTC')::date)
 WHERE id = %(id)s
   AND status IN ('pending', 'running')
   AND external_id IS NULL
   AND asked_at IS NOT DISTINCT FROM %(asked_before)s;

-- name: unask :exec
-- The service has said that it did not begin.
UPDATE image_generation_jobs
   SET asked_at = NULL
 WHERE id = %(id)s
   AND status = 'running'
   AND external_id IS NULL;

-- name: name :exec
-- The service's name for an attempt is known; 0 if another one was known before.
UPDATE image_generation_jobs
   SET external_id = %(external_id)s
 WHERE id = %(id)s
   AND status IN ('pending', 'running')
   AND (external_id IS NULL OR external_id = %(external_id)s);

-- name: find :maybe
-- An attempt by its id, with the service's name for it.
SELECT job.id,
       job.workspace_id,
       job.token_id,
       job.status,
       job.seed,
       job.external_id
  FROM image_generation_jobs AS job
 WHERE job.id = %(id)s
   AND job.service = %(service)s;

-- name: wake :exec
-- The picture of a token may be there: what waits for it is due now. Work in hand is left to whoever has
-- it.
UPDATE outbox
   SET run_after = now()
 WHERE kind = 'generate_images'
   AND subject_id = %(token_id)s
   AND claim IS NULL
   AND run_after > now();

-- name: refuse :exec
-- The service does not make a picture of this prompt.
UPDATE image_generation_jobs
   SET status = 'refused',
       error = %(error)s,
       completed_at = now()
 WHERE id = %(id)s
   AND status IN ('pending', 'running');

-- name: fail :exec
-- An attempt has led to nothing; the next one begins anew.
UPDATE image_generation_jobs
   SET status = 'failed',
       error = %(error)s,
       completed_at = now()
 WHERE id = %(id)s
   AND status IN ('pending', 'running');

-- name: succeed :value
-- Keeps a picture, and moves its token on, unless that was orphaned meanwhile; whether it was not. The
-- picture is kept in any case: the token may be minted again.
WITH kept AS (
  INSERT INTO ipfs_files (workspace_id, cid, media_type, size, bytes)
  SELECT job.workspace_id,
         %(cid)s,
         'image/png',
         length(%(picture)b::bytea),
         %(picture)b::bytea
    FROM image_generation_jobs AS job
   WHERE job.id = %(id)s
  ON CONFLICT ON CONSTRAINT ipfs_files_pkey DO NOTHING
), done AS (
  UPDATE image_generation_jobs
     SET status = 'succeeded',
         service = coalesce(service, %(service)s),
         cid = %(cid)s,
         completed_at = now()
   WHERE id = %(id)s
     AND status IN ('pending', 'running')
), moved AS (
  UPDATE tokens AS token
     SET status = 'uploading',
         image_cid = %(cid)s,
         image_type = 'image/png',
         prompt_sha256 = encode(sha256(convert_to(job.prompt, 'UTF8')), 'hex'),
         is_fallback = job.is_fallback,
         error = NULL,
         error_code = NULL,
         updated_at = now()
    FROM image_generation_jobs AS job
   WHERE job.id = %(id)s
     AND token.id = job.token_id
     AND token.author_id = job.author_id
     AND token.status = 'generating'
  RETURNING token.id
)
SELECT EXISTS (SELECT FROM moved);

-- name: reuse :exec
-- Moves a token on whose picture was there before: 0 if it was orphaned meanwhile.
UPDATE tokens AS token
   SET status = 'uploading',
       image_cid = job.cid,
       image_type = 'image/png',
       prompt_sha256 = encode(sha256(convert_to(job.prompt, 'UTF8')), 'hex'),
       is_fallback = job.is_fallback,
       error = NULL,
       error_code = NULL,
       updated_at = now()
  FROM image_generation_jobs AS job
 WHERE job.id = %(id)s
   AND token.id = job.token_id
   AND token.author_id = job.author_id
   AND token.status = 'generating';

-- name: give_up :exec
-- A token gets no picture, for this reason; what was under way ends.
WITH ended AS (
  UPDATE image_generation_jobs
     SET status = 'failed',
         error = %(error)s,
         completed_at = now()
   WHERE token_id = %(token_id)s
     AND status IN ('pending', 'running')
)
UPDATE tokens
   SET status = 'failed',
       error = %(error)s,
       error_code = 'no_picture',
       updated_at = now()
 WHERE id = %(token_id)s
   AND status IN ('detected', 'generating');

-- name: retry :exec
-- A token that got no picture tries again.
UPDATE tokens
   SET status = 'detected',
       error = NULL,
       error_code = NULL,
       updated_at = now()
 WHERE id = %(token_id)s
   AND status = 'failed';
