-- name: charge :many
-- Counts a picture against today's budgets of its author and of all, each 0 for no limit; returns those
-- that were enough. If not both were, the transaction must not be committed.
INSERT INTO spend AS kept (day, author_id, workspace_id, images)
SELECT (now() AT TIME ZONE 'UTC')::date,
       budget.author_id,
       CASE WHEN budget.author_id IS NOT NULL THEN %(workspace_id)s::uuid END,
       1
  FROM (
         VALUES (%(author_id)s::uuid), (NULL)
       ) AS budget (author_id)
 ORDER BY budget.author_id NULLS FIRST
ON CONFLICT ON CONSTRAINT spend_is_counted_once
DO UPDATE
      SET images = kept.images + 1
    WHERE CASE WHEN kept.author_id IS NULL THEN %(of_all)s::integer ELSE %(of_author)s::integer END
          NOT BETWEEN 1 AND kept.images
RETURNING author_id;

-- name: refund :exec
-- Gives a picture that cost nothing back to the budgets of its day.
UPDATE spend
   SET images = spend.images - 1
  FROM image_generation_jobs AS job
 WHERE job.id = %(id)s
   AND spend.day = job.charged_on
   AND (spend.author_id = job.author_id OR spend.author_id IS NULL)
   AND spend.images > 0;

-- name: left :maybe
-- How many pictures were asked for today, and the seconds until tomorrow.
SELECT coalesce(
         (
           SELECT images
             FROM spend
            WHERE day = (now() AT TIME ZONE 'UTC')::date
              AND author_id IS NULL
         ),
         0
       ) AS used,
       extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day' - (now() AT TIME ZONE 'UTC'))::float
         AS seconds_left;
