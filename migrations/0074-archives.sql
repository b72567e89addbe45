-- Archives: everything that a member has in a workspace, in one file.

-- What an archive is in does not count towards the quota: whoever has used it up could not leave. `counts`
-- has how many of each kind are in it. `missing` names the files that were gone by the time that they were
-- to be written. The object is deleted when the archive expires, and the rest stays for thirty days.
CREATE TABLE archives (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  status       text        NOT NULL DEFAULT 'pending',
  object_id    uuid,
  bytes        bigint,
  sha256       bytea,
  counts       jsonb       NOT NULL DEFAULT '{}',
  missing      jsonb       NOT NULL DEFAULT '[]',
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  expires_at   timestamptz,
  CONSTRAINT archives_pkey PRIMARY KEY (id),
  CONSTRAINT archives_member_exists FOREIGN KEY (workspace_id, user_id)
    REFERENCES members (workspace_id, user_id) ON DELETE CASCADE,
  CONSTRAINT archives_object_exists FOREIGN KEY (object_id)
    REFERENCES objects (id) ON DELETE SET NULL,
  CONSTRAINT archives_that_are_ready_have_a_file CHECK (
    status <> 'ready' OR num_nulls(bytes, sha256, expires_at) = 0
  )
);

CREATE UNIQUE INDEX archives_are_written_one_at_a_time
    ON archives ((CASE WHEN status IN ('pending', 'writing') THEN user_id END));

CREATE INDEX archives_by_user ON archives (workspace_id, user_id, id);
CREATE INDEX archives_by_object ON archives (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX archives_by_expiry ON archives (expires_at) WHERE status = 'ready';
CREATE INDEX archives_by_end ON archives (ended_at) WHERE ended_at IS NOT NULL;

INSERT INTO transitions
  (entity,    from_status, to_status, event,              action, work,             payload,  audience)
VALUES
  ('archive', NULL,        'pending', 'archive.created',  NULL,   'write_archives', '{}',      'user'),
  ('archive', 'pending',   'writing', 'archive.started',  NULL,   NULL,             '{}',      'user'),
  ('archive', 'writing',   'pending', 'archive.put_back', NULL,   NULL,             '{}',      'user'),
  ('archive', 'writing',   'ready',   'archive.written',  NULL,   NULL,             '{bytes}', 'user'),
  ('archive', 'pending',   'failed',  'archive.failed',   NULL,   NULL,             '{error}', 'user'),
  ('archive', 'writing',   'failed',  'archive.failed',   NULL,   NULL,             '{error}', 'user'),
  ('archive', 'failed',    'pending', 'archive.retried',  NULL,   'write_archives', '{}',      'user'),
  ('archive', 'ready',     'expired', 'archive.expired',  NULL,   NULL,             '{}',      'user');

CALL follow_transitions('archives', 'archive');

-- Dooms the object of an archive that is gone.
CREATE FUNCTION doom_archive_object()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE objects
     SET status = 'doomed'
   WHERE id = OLD.object_id
     AND status <> 'doomed';
  RETURN NULL;
END
$$;

CREATE TRIGGER archives_take_their_object_along
  AFTER DELETE ON archives
  FOR EACH ROW
  EXECUTE FUNCTION doom_archive_object();

CREATE TRIGGER archives_that_expire_lose_their_object
  AFTER UPDATE ON archives
  FOR EACH ROW
  WHEN (OLD.status <> NEW.status AND NEW.status = 'expired')
  EXECUTE FUNCTION doom_archive_object();

-- An object that is not charged to its user, such as that of an archive.
ALTER TABLE objects
  ADD COLUMN is_charged boolean NOT NULL DEFAULT true;

-- As before, without those that are not charged.
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
    charged := charged - CASE WHEN OLD.status = 'doomed' OR NOT OLD.is_charged THEN 0 ELSE OLD.bytes END;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    of_user := NEW.user_id;
    charged := charged + CASE WHEN NEW.status = 'doomed' OR NOT NEW.is_charged THEN 0 ELSE NEW.bytes END;
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

-- As before: what is not charged is not charged to the heir either.
CREATE OR REPLACE FUNCTION hand_over_objects(of_user uuid, batch integer)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  handed bigint;
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT id, workspace_id, bytes, is_charged
      FROM objects
     WHERE user_id = of_user
       AND status <> 'doomed'
     LIMIT batch
       FOR UPDATE
  ),
  heirs AS MATERIALIZED (
    SELECT picked.id,
           CASE WHEN picked.is_charged THEN picked.bytes ELSE 0 END AS bytes,
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

INSERT INTO role_permissions (role, permission)
VALUES
  ('member', 'workspace:archives:read'),
  ('member', 'workspace:archives:write'),
  ('owner',  'workspace:archives:read'),
  ('owner',  'workspace:archives:write');

INSERT INTO schedules (kind, cron)
VALUES ('expire_archives', '47 * * * *');

-- What a user may do in a workspace.
CREATE FUNCTION permissions_of(of_user uuid, in_workspace uuid)
RETURNS text[]
LANGUAGE sql
STABLE
RETURN ARRAY(
  SELECT role_permissions.permission
    FROM members AS member
    JOIN workspaces AS workspace
      ON workspace.id = member.workspace_id
     AND workspace.deletion_id IS NULL
    JOIN role_permissions
      ON role_permissions.role = member.role
   WHERE member.user_id = of_user
     AND member.workspace_id = in_workspace
);

-- A user's archives in a workspace, as responses show them.
CREATE FUNCTION archive_answers(of_workspace uuid, of_user uuid)
RETURNS TABLE (
  id         uuid,
  status     text,
  bytes      bigint,
  sha256     text,
  counts     jsonb,
  missing    jsonb,
  error      text,
  progress   jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  ended_at   timestamptz,
  expires_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
  SELECT archive.id,
         archive.status,
         archive.bytes,
         encode(archive.sha256, 'hex'),
         archive.counts,
         archive.missing,
         archive.error,
         (
           SELECT work.progress
             FROM outbox AS work
            WHERE work.kind = 'write_archives'
              AND work.subject_id = archive.id
         ),
         archive.created_at,
         archive.updated_at,
         archive.ended_at,
         archive.expires_at
    FROM archives AS archive
   WHERE archive.workspace_id = of_workspace
     AND archive.user_id = of_user
$$;

-- Why tables are not in archives; a test wants it of every table that belongs to a workspace or a user.
COMMENT ON TABLE audit_log IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE dead_letters IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE deletions IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE idempotency_keys IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE mails IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE outbox IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE objects IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE quotas IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE spend IS 'Not in archives: how the server works: work, mails and history of its own.';
COMMENT ON TABLE api_keys IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE email_changes IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE identities IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE invitations IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE known_addresses IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE members IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE recovery_codes IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE sessions IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE totp IS 'Not in archives: who may do what here, and secrets: they never leave the server.';
COMMENT ON TABLE links IS 'Not in archives: between users of this server.';
COMMENT ON TABLE shares IS 'Not in archives: between users of this server.';
COMMENT ON TABLE document_words IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE embeddings IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE learned_documents IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE learned_labels IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE learned_words IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE search_entries IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE search_volumes IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE search_words IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE table_texts IS 'Not in archives: made anew from what is in archives.';
COMMENT ON TABLE ai_providers IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE connections IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE inboxes IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE received_mails IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE transfers IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE watched_files IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE watches IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE webhook_deliveries IS 'Not in archives: its credentials never leave the server, and nothing goes on without them.';
COMMENT ON TABLE authors IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE collections IS 'Stays small: operators register each row. Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE image_generation_jobs IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE ipfs_files IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE ipfs_upload_records IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE mint_events IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE reveal_transactions IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE tokens IS 'Not in archives: what the chain says is read from it again, and its keys never leave the server.';
COMMENT ON TABLE archives IS 'Not in archives: archives and imports are not in archives themselves.';
COMMENT ON TABLE imports IS 'Not in archives: archives and imports are not in archives themselves.';
