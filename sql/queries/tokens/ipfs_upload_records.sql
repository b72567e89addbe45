-- name: load :many
-- What the metadata of some tokens says, and the services that have their pictures already.
SELECT token.id,
       token.workspace_id,
       token.collection_id,
       token.token_id,
       token.image_cid,
       token.image_type,
       collection.name_template,
       collection.description,
       author.twitter_handle,
       author.farcaster_handle,
       ARRAY(
         SELECT record.service
           FROM ipfs_upload_records AS record
          WHERE record.token_id = token.id
            AND record.record_type = 'image'
            AND record.cid = token.image_cid
            AND record.status = 'stored'
       ) AS has_picture
  FROM tokens AS token
  JOIN collections AS collection
    ON collection.id = token.collection_id
  JOIN authors AS author
    ON author.id = token.author_id
 WHERE token.id = ANY (%(token_ids)s::uuid[])
   AND token.status = 'uploading';

-- name: note :exec
-- Says of a file of a token whether a service has it, or is about to get it.
INSERT INTO ipfs_upload_records (workspace_id, token_id, record_type, service, cid, status)
VALUES (%(workspace_id)s, %(token_id)s, %(record_type)s, %(service)s, %(cid)s, %(status)s)
ON CONFLICT ON CONSTRAINT ipfs_upload_records_are_one_for_each_service
DO UPDATE
      SET cid = EXCLUDED.cid,
          status = CASE
            WHEN ipfs_upload_records.cid = EXCLUDED.cid AND ipfs_upload_records.status = 'stored' THEN 'stored'
            ELSE EXCLUDED.status
          END,
          error = NULL,
          updated_at = now();

-- name: succeed :maybe
-- A service has a token's picture and metadata: keeps the metadata, and moves the token on. No row if it
-- was orphaned meanwhile.
WITH moved AS (
  UPDATE tokens
     SET status = 'ready',
         metadata_cid = %(cid)s,
         ready_at = now(),
         error = NULL,
         error_code = NULL,
         updated_at = now()
   WHERE id = %(token_id)s
     AND status = 'uploading'
     AND image_cid = %(image_cid)s
  RETURNING id, workspace_id, collection_id
), kept AS (
  INSERT INTO ipfs_files (workspace_id, cid, media_type, size, bytes)
  SELECT moved.workspace_id,
         %(cid)s,
         'application/json',
         length(%(metadata)b::bytea),
         %(metadata)b::bytea
    FROM moved
  ON CONFLICT ON CONSTRAINT ipfs_files_pkey DO NOTHING
), noted AS (
  INSERT INTO ipfs_upload_records (workspace_id, token_id, record_type, service, cid, status)
  SELECT moved.workspace_id,
         moved.id,
         stored.record_type,
         %(service)s,
         stored.cid,
         'stored'
    FROM moved
   CROSS JOIN (
           VALUES ('image', %(image_cid)s), ('metadata', %(cid)s)
         ) AS stored (record_type, cid)
  ON CONFLICT ON CONSTRAINT ipfs_upload_records_are_one_for_each_service
  DO UPDATE
        SET cid = EXCLUDED.cid,
            status = 'stored',
            error = NULL,
            updated_at = now()
)
SELECT collection_id
  FROM moved;

-- name: plan :exec
-- Reveals of a collection are to be planned soon. If another transaction is just about to say so, this one
-- does not wait for it: the watcher says so again with the next block.
INSERT INTO outbox AS queued
  (kind, subject_id, workspace_id, request_id, traceparent, run_after)
SELECT 'plan_reveals',
       %(collection_id)s::uuid,
       %(workspace_id)s,
       %(request_id)s,
       %(traceparent)s,
       clock_timestamp() + interval '0.25 seconds'
 WHERE NOT EXISTS (
         SELECT FROM outbox
          WHERE kind = 'plan_reveals'
            AND subject_id = %(collection_id)s::uuid
            AND claim IS NULL
       )
   AND pg_try_advisory_xact_lock(hashtextextended('plan_reveals' || %(collection_id)s::text, 0))
ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
DO UPDATE
      SET run_after = EXCLUDED.run_after,
          attempts = 0,
          claim = NULL,
          claimed_by = NULL,
          cut_off = 0,
          last_error = NULL,
          enqueued_at = EXCLUDED.enqueued_at
    WHERE queued.claim IS NOT NULL;

-- name: give_up :exec
-- The files of a token cannot be stored, for this reason.
WITH ended AS (
  UPDATE ipfs_upload_records
     SET status = 'failed',
         error = %(error)s,
         updated_at = now()
   WHERE token_id = %(token_id)s
     AND status = 'pending'
)
UPDATE tokens
   SET status = 'failed',
       error = %(error)s,
       error_code = 'not_stored',
       updated_at = now()
 WHERE id = %(token_id)s
   AND status = 'uploading';
