-- The audit log: every change to somebody's access, such as log-ins, failures, denials, changes of
-- keys, roles and factors, and what admins did. The app role may add to it but not change it.

-- `user_id` is whom it concerns, `actor` who did it. No foreign keys: the log outlives its
-- subjects.
CREATE TABLE audit_log (
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  action       text        NOT NULL,
  actor        text        NOT NULL,
  user_id      uuid,
  workspace_id uuid,
  address      inet,
  user_agent   text,
  request_id   text,
  details      jsonb       NOT NULL DEFAULT '{}',
  occurred_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT audit_log_pkey PRIMARY KEY (id),
  CONSTRAINT audit_log_action_is_a_word_and_a_verb CHECK (action ~ '^[a-z_]+\.[a-z_]+$')
);

CREATE INDEX audit_log_by_user ON audit_log (user_id, id);
CREATE INDEX audit_log_by_action ON audit_log (action, id);
CREATE INDEX audit_log_by_actor ON audit_log (actor, id);

-- Removes a batch of the oldest entries before a time; returns how many. As with events, the app
-- role may not change the log, so this acts for it, and always keeps the last ninety days.
CREATE FUNCTION prune_audit_log(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
  WITH oldest AS (
    SELECT id, occurred_at
      FROM audit_log
     ORDER BY id
     LIMIT batch
  ), pruned AS (
    DELETE FROM audit_log
     USING oldest
     WHERE audit_log.id = oldest.id
       AND oldest.occurred_at < least(before, now() - interval '90 days')
    RETURNING 1
  )
  SELECT count(*)
    FROM pruned
$$;

REVOKE ALL ON FUNCTION prune_audit_log FROM PUBLIC;

INSERT INTO schedules (kind, cron)
VALUES ('prune_audit_log', '43 3 * * *');

INSERT INTO role_permissions (role, permission)
VALUES ('admin', 'admin:audit:read');
