COMMENT ON TABLE audit_log IS NULL;
COMMENT ON TABLE dead_letters IS NULL;
COMMENT ON TABLE deletions IS NULL;
COMMENT ON TABLE idempotency_keys IS NULL;
COMMENT ON TABLE mails IS NULL;
COMMENT ON TABLE outbox IS NULL;
COMMENT ON TABLE objects IS NULL;
COMMENT ON TABLE quotas IS NULL;
COMMENT ON TABLE spend IS NULL;
COMMENT ON TABLE api_keys IS NULL;
COMMENT ON TABLE email_changes IS NULL;
COMMENT ON TABLE identities IS NULL;
COMMENT ON TABLE invitations IS NULL;
COMMENT ON TABLE known_addresses IS NULL;
COMMENT ON TABLE members IS NULL;
COMMENT ON TABLE recovery_codes IS NULL;
COMMENT ON TABLE sessions IS NULL;
COMMENT ON TABLE totp IS NULL;
COMMENT ON TABLE links IS NULL;
COMMENT ON TABLE shares IS NULL;
COMMENT ON TABLE document_words IS NULL;
COMMENT ON TABLE learned_documents IS NULL;
COMMENT ON TABLE learned_labels IS NULL;
COMMENT ON TABLE learned_words IS NULL;
COMMENT ON TABLE search_entries IS NULL;
COMMENT ON TABLE search_volumes IS NULL;
COMMENT ON TABLE search_words IS NULL;
COMMENT ON TABLE table_texts IS NULL;
COMMENT ON TABLE ai_providers IS NULL;
COMMENT ON TABLE connections IS NULL;
COMMENT ON TABLE inboxes IS NULL;
COMMENT ON TABLE received_mails IS NULL;
COMMENT ON TABLE transfers IS NULL;
COMMENT ON TABLE watched_files IS NULL;
COMMENT ON TABLE watches IS NULL;
COMMENT ON TABLE webhook_deliveries IS NULL;
COMMENT ON TABLE authors IS NULL;
COMMENT ON TABLE collections IS 'Stays small: operators register each row.';
COMMENT ON TABLE image_generation_jobs IS NULL;
COMMENT ON TABLE ipfs_files IS NULL;
COMMENT ON TABLE ipfs_upload_records IS NULL;
COMMENT ON TABLE mint_events IS NULL;
COMMENT ON TABLE reveal_transactions IS NULL;
COMMENT ON TABLE tokens IS NULL;
COMMENT ON TABLE imports IS NULL;

DELETE FROM schedules WHERE kind = 'expire_archives';
DELETE FROM outbox WHERE kind IN ('write_archives', 'expire_archives');
DELETE FROM dead_letters WHERE kind IN ('write_archives', 'expire_archives');
DELETE FROM role_permissions WHERE permission LIKE 'workspace:archives:%';
DROP FUNCTION permissions_of(uuid, uuid);
DROP FUNCTION archive_answers(uuid, uuid);
DELETE FROM archives;
DELETE FROM transitions WHERE entity = 'archive';
DROP TABLE archives;
DROP FUNCTION doom_archive_object();

CREATE OR REPLACE FUNCTION hand_over_objects(of_user uuid, batch integer)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  handed bigint;
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT id, workspace_id, bytes, status
      FROM objects
     WHERE user_id = of_user
       AND status <> 'doomed'
     LIMIT batch
       FOR UPDATE
  ),
  heirs AS MATERIALIZED (
    SELECT picked.id,
           picked.bytes,
           (
             SELECT member.user_id
               FROM members AS member
               JOIN users
                 ON users.id = member.user_id
                AND users.disabled_at IS NULL
              WHERE member.workspace_id = picked.workspace_id
                AND member.role = 'owner'
              ORDER BY member.created_at, member.user_id
              LIMIT 1
           ) AS user_id
      FROM picked
  ),
  charged AS (
    INSERT INTO quotas AS standing (user_id, default_bytes, used_bytes)
    SELECT heirs.user_id, own.default_bytes, sum(heirs.bytes)
      FROM heirs
      JOIN quotas AS own
        ON own.user_id = of_user
     GROUP BY heirs.user_id, own.default_bytes
    ON CONFLICT ON CONSTRAINT quotas_pkey
    DO UPDATE
          SET used_bytes = standing.used_bytes + EXCLUDED.used_bytes
  )
  UPDATE objects
     SET user_id = heirs.user_id
    FROM heirs
   WHERE objects.id = heirs.id;
  GET DIAGNOSTICS handed = ROW_COUNT;
  RETURN handed;
END
$$;

CREATE OR REPLACE FUNCTION charge_quota()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  charged bigint := 0;
  of_user uuid;
  standing quotas;
BEGIN
  IF TG_OP <> 'INSERT' THEN
    of_user := OLD.user_id;
    charged := charged - CASE OLD.status WHEN 'doomed' THEN 0 ELSE OLD.bytes END;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    of_user := NEW.user_id;
    charged := charged + CASE NEW.status WHEN 'doomed' THEN 0 ELSE NEW.bytes END;
  END IF;
  IF charged = 0 THEN
    RETURN NULL;
  END IF;

  UPDATE quotas
     SET used_bytes = used_bytes + charged
   WHERE user_id = of_user
     AND (charged < 0 OR used_bytes + charged <= coalesce(limit_bytes, default_bytes));
  IF NOT FOUND THEN
    SELECT *
      INTO standing
      FROM quotas
     WHERE user_id = of_user;
    RAISE EXCEPTION 'the quota is used up'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'quotas_are_kept',
            DETAIL = jsonb_build_object(
              'used_bytes', standing.used_bytes,
              'limit_bytes', coalesce(standing.limit_bytes, standing.default_bytes),
              'needed_bytes', charged
            );
  END IF;
  RETURN NULL;
END
$$;

ALTER TABLE objects DROP COLUMN is_charged;
