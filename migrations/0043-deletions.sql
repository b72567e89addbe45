-- Deletions of workspaces and of accounts, with everything in them.
--
-- What belongs to a workspace has its `workspace_id`; what belongs to a user their `user_id`, or, if only
-- they may see it, their id as its `audience`. So what to delete is read from the catalogue, and a new
-- table needs nothing but that column.

-- A deletion is `scheduled` for `due_at`; until then it can be cancelled. It is of an account if it has a
-- `user_id`; then `workspace_id` is that user's personal workspace. `step` is the table that is being
-- cleared, `removed` counts the removed rows by table. `token_hash` is of the token that keeps an account,
-- because its user can no longer sign in. No foreign keys: it outlives what it deletes.
CREATE TABLE deletions (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  user_id      uuid,
  asked_by     uuid        NOT NULL,
  name         text        NOT NULL,
  status       text        NOT NULL DEFAULT 'scheduled',
  token_hash   bytea,
  step         text,
  removed      jsonb       NOT NULL DEFAULT '{}',
  due_at       timestamptz NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT deletions_pkey PRIMARY KEY (id),
  CONSTRAINT deletions_token_is_unique UNIQUE (token_hash)
);

CREATE UNIQUE INDEX deletions_are_one_for_each_workspace
    ON deletions (workspace_id)
 WHERE status IN ('scheduled', 'running');
CREATE INDEX deletions_by_workspace ON deletions (workspace_id);
CREATE INDEX deletions_by_asker ON deletions (asked_by, id);
CREATE INDEX deletions_by_user ON deletions (user_id) WHERE user_id IS NOT NULL;

INSERT INTO transitions
  (entity,     from_status, to_status,   event,                action,   work,            payload,     audience)
VALUES
  ('deletion', NULL,        'scheduled', 'deletion.scheduled', NULL,     'run_deletions', '{due_at}',  'nobody'),
  ('deletion', 'scheduled', 'cancelled', 'deletion.cancelled', 'cancel', NULL,            '{}',        'nobody'),
  ('deletion', 'scheduled', 'running',   'deletion.started',   NULL,     NULL,            '{}',        'nobody'),
  ('deletion', 'running',   'done',      'deletion.finished',  NULL,     NULL,            '{removed}', 'nobody');

CALL follow_transitions('deletions', 'deletion');

INSERT INTO role_permissions (role, permission)
VALUES ('owner', 'workspace:delete');

CREATE INDEX objects_by_workspace ON objects (workspace_id);

-- A workspace with a `deletion_id` is closed: nobody has access to it any more.
ALTER TABLE workspaces
  ADD COLUMN deletion_id uuid;

CREATE INDEX workspaces_by_deletion ON workspaces (deletion_id) WHERE deletion_id IS NOT NULL;

-- What opens a workspace to others ends when it is closed, and does not come back with it.
CREATE FUNCTION close_workspace()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  DELETE FROM api_keys WHERE workspace_id = NEW.id;
  DELETE FROM invitations WHERE workspace_id = NEW.id;
  DELETE FROM shares WHERE workspace_id = NEW.id;
  DELETE FROM links WHERE workspace_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER workspaces_end_what_opens_them
  AFTER UPDATE OF deletion_id ON workspaces
  FOR EACH ROW
  WHEN (OLD.deletion_id IS NULL AND NEW.deletion_id IS NOT NULL)
  EXECUTE FUNCTION close_workspace();

-- A cancelled deletion opens its workspaces again.
CREATE FUNCTION reopen_workspaces()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE workspaces
     SET deletion_id = NULL
   WHERE deletion_id = NEW.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER deletions_that_are_cancelled_reopen_workspaces
  AFTER UPDATE OF status ON deletions
  FOR EACH ROW
  WHEN (NEW.status = 'cancelled')
  EXECUTE FUNCTION reopen_workspaces();

-- Whoever enables a user cancels the deletion of the account, as long as it has not begun.
CREATE FUNCTION keep_account()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE deletions
     SET status = 'cancelled',
         updated_at = now()
   WHERE user_id = NEW.id
     AND status = 'scheduled';
  IF EXISTS (
    SELECT FROM deletions
     WHERE user_id = NEW.id
       AND status IN ('running', 'done')
  ) THEN
    RAISE EXCEPTION 'the account is being deleted'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'users_that_are_deleted_stay_disabled';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER users_that_are_enabled_keep_their_account
  AFTER UPDATE OF disabled_at ON users
  FOR EACH ROW
  WHEN (OLD.disabled_at IS NOT NULL AND NEW.disabled_at IS NULL)
  EXECUTE FUNCTION keep_account();

-- As before, and a closed workspace needs no owner.
CREATE OR REPLACE FUNCTION keep_an_owner()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM workspaces
    WHERE id = OLD.workspace_id
      AND deletion_id IS NULL
      FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (
    SELECT FROM members
      JOIN users
        ON users.id = members.user_id
       AND users.disabled_at IS NULL
     WHERE members.workspace_id = OLD.workspace_id
       AND members.role = 'owner'
  ) THEN
    RAISE EXCEPTION 'a workspace needs an owner'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'members_keep_an_owner';
  END IF;
  RETURN NULL;
END
$$;

-- As before, and nothing goes on in a closed workspace.
CREATE OR REPLACE FUNCTION is_permitted(of_user uuid, of_workspace uuid, wanted text)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT EXISTS (
           SELECT
             FROM members AS member
             JOIN workspaces AS workspace
               ON workspace.id = member.workspace_id
              AND workspace.deletion_id IS NULL
             JOIN users
               ON users.id = member.user_id
              AND users.disabled_at IS NULL
             JOIN role_permissions
               ON role_permissions.role = member.role
              AND role_permissions.permission = wanted
            WHERE member.workspace_id = of_workspace
              AND member.user_id = of_user
         )
$$;

-- The tables whose rows a deletion leaves to others. The logs are only ever added to, and pruned: the
-- function that continues a deletion removes the events that consumers follow. Objects are deleted from
-- the store first. Work whose subject is gone is dropped when its turn comes. Mails are removed after
-- thirty days, spent allowances and keys of idempotency sooner.
CREATE FUNCTION left_by_deletions()
RETURNS text[]
LANGUAGE sql
IMMUTABLE
RETURN ARRAY['audit_log', 'dead_letters', 'deletions', 'events', 'mails', 'objects', 'outbox', 'quotas'];

-- The tables that have one of some columns, in the order in which to empty them: first those that refer
-- to others; and last those without an index to find the rows by, so that most of these have gone along
-- with what they refer to.
CREATE FUNCTION tables_to_clear(by_columns text[])
RETURNS TABLE (name text, by_column text)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  waiting oid[];
  next oid;
BEGIN
  SELECT array_agg(DISTINCT relation.oid)
    INTO waiting
    FROM pg_class AS relation
    JOIN pg_attribute AS attribute
      ON attribute.attrelid = relation.oid
     AND attribute.attname = ANY (by_columns)
     AND attribute.atttypid = 'uuid'::regtype
     AND NOT attribute.attisdropped
   WHERE relation.relnamespace = 'public'::regnamespace
     AND relation.relkind IN ('r', 'p')
     AND relation.relname <> ALL (left_by_deletions());
  WHILE waiting <> '{}' LOOP
    SELECT candidate.id
      INTO next
      FROM unnest(waiting) AS candidate (id)
     ORDER BY EXISTS (
                SELECT FROM pg_constraint AS reference
                 WHERE reference.contype = 'f'
                   AND reference.confrelid = candidate.id
                   AND reference.conrelid = ANY (waiting)
                   AND reference.conrelid <> candidate.id
                   AND reference.confdeltype <> 'c'
              ),
              NOT EXISTS (
                SELECT FROM pg_index AS index
                  JOIN pg_attribute AS first_column
                    ON first_column.attrelid = index.indrelid
                   AND first_column.attnum = index.indkey[0]
                   AND first_column.attname = ANY (by_columns)
                 WHERE index.indrelid = candidate.id
                   AND index.indpred IS NULL
              ),
              candidate.id::regclass::text
     LIMIT 1;
    waiting := array_remove(waiting, next);
    RETURN QUERY
      SELECT next::regclass::text, attribute.attname::text
        FROM pg_attribute AS attribute
       WHERE attribute.attrelid = next
         AND attribute.attname = ANY (by_columns)
         AND attribute.atttypid = 'uuid'::regtype
       ORDER BY attribute.attname;
  END LOOP;
END
$$;

-- Deletes a batch of what belongs to somebody from the first table, from a step on, that has any of it.
-- Returns that step, the table's name and how many rows; no name if there is nothing left.
CREATE FUNCTION clear_batch(
  by_columns text[], belonging_to uuid, batch integer, INOUT step text, OUT cleared text, OUT rows bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
  part record;
BEGIN
  FOR part IN
    WITH parts AS MATERIALIZED (
      SELECT *, name || '.' || by_column AS step
        FROM tables_to_clear(by_columns) WITH ORDINALITY
    )
    SELECT *
      FROM parts
     WHERE ordinality >= coalesce((SELECT max(begun.ordinality) FROM parts AS begun WHERE begun.step = clear_batch.step), 0)
     ORDER BY ordinality
  LOOP
    EXECUTE format(
      'WITH picked AS MATERIALIZED (SELECT ctid FROM %1$I WHERE %2$I = $1 LIMIT $2 FOR UPDATE)'
        ' DELETE FROM %1$I AS cleared USING picked WHERE cleared.ctid = picked.ctid',
      part.name,
      part.by_column
    )
    USING belonging_to, batch;
    GET DIAGNOSTICS rows = ROW_COUNT;
    step := part.step;
    IF rows > 0 THEN
      cleared := part.name;
      RETURN;
    END IF;
  END LOOP;
END
$$;

-- Deletes a batch of a closed workspace. Last are what is left of its objects, its events, and itself, once
-- a worker has deleted the objects; until then it returns `waiting`. Before that it looks at every table
-- once more, because workers may have added something.
CREATE FUNCTION clear_workspace(
  of_workspace uuid, batch integer, INOUT step text, OUT cleared text, OUT rows bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
  begun CONSTANT text := step;
BEGIN
  SELECT done.step, done.cleared, done.rows
    INTO step, cleared, rows
    FROM clear_batch('{workspace_id}', of_workspace, batch, begun) AS done;
  IF cleared IS NOT NULL THEN
    RETURN;
  END IF;
  step := NULL;

  WITH picked AS MATERIALIZED (
    SELECT id
      FROM objects
     WHERE workspace_id = of_workspace
       AND status <> 'doomed'
     LIMIT batch
       FOR UPDATE
  )
  UPDATE objects
     SET status = 'doomed'
    FROM picked
   WHERE objects.id = picked.id;
  GET DIAGNOSTICS rows = ROW_COUNT;
  IF rows > 0 THEN
    cleared := 'objects';
    RETURN;
  END IF;

  -- One condition for each of the two indexes.
  WITH picked AS MATERIALIZED (
    SELECT id
      FROM events
     WHERE workspace_id = of_workspace
       AND user_id IS NULL
     UNION ALL
    SELECT id
      FROM events
     WHERE workspace_id = of_workspace
       AND user_id IS NOT NULL
     LIMIT batch
  )
  DELETE FROM events
   USING picked
   WHERE events.id = picked.id;
  GET DIAGNOSTICS rows = ROW_COUNT;
  IF rows > 0 THEN
    cleared := 'events';
    RETURN;
  END IF;

  IF EXISTS (SELECT FROM objects WHERE workspace_id = of_workspace) THEN
    cleared := 'waiting';
    RETURN;
  END IF;

  rows := 0;
  cleared := 'workspaces';
  IF begun IS NOT NULL THEN
    RETURN;
  END IF;
  DELETE FROM dead_letters WHERE workspace_id = of_workspace AND kind <> 'run_deletions';
  DELETE FROM workspaces WHERE id = of_workspace;
  rows := 1;
END
$$;

-- Deletes a batch of what belongs to a user outside of their own workspaces; returns no name once only the
-- user's row is left. Files that they added to somebody else's workspace stay there, and are charged to
-- its first owner from then on, even beyond the limit.
CREATE FUNCTION clear_user(of_user uuid, batch integer, INOUT step text, OUT cleared text, OUT rows bigint)
LANGUAGE plpgsql
AS $$
BEGIN
  WITH picked AS MATERIALIZED (
    SELECT event.id
      FROM members AS member
      JOIN events AS event
        ON event.workspace_id = member.workspace_id
       AND event.user_id = member.user_id
     WHERE member.user_id = of_user
     LIMIT batch
  )
  DELETE FROM events
   USING picked
   WHERE events.id = picked.id;
  GET DIAGNOSTICS rows = ROW_COUNT;
  IF rows > 0 THEN
    cleared := 'events';
    RETURN;
  END IF;

  rows := hand_over_objects(of_user, batch);
  IF rows > 0 THEN
    cleared := 'objects handed over';
    RETURN;
  END IF;

  SELECT done.step, done.cleared, done.rows
    INTO step, cleared, rows
    FROM clear_batch('{user_id,audience}', of_user, batch, step) AS done;
  IF cleared IS NULL THEN
    DELETE FROM quotas WHERE user_id = of_user;
  END IF;
END
$$;

-- Charges a batch of a user's objects to the first owner of their workspace who is enabled; returns how
-- many. There is always one: the last cannot leave.
CREATE FUNCTION hand_over_objects(of_user uuid, batch integer)
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

-- Does a batch of a deletion that has begun, counts it, and finishes the deletion after the last one:
-- returns `more`, `waiting` for objects to be deleted, or `done`. It has the owner's rights, because the
-- app may not remove history, and acts on nothing but closed workspaces and disabled users.
CREATE FUNCTION continue_deletion(of_deletion uuid, batch integer)
RETURNS text
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
  deletion deletions;
  next_workspace uuid;
  cleared text;
  rows bigint;
BEGIN
  SELECT *
    INTO deletion
    FROM deletions
   WHERE id = of_deletion
     AND status = 'running'
     FOR UPDATE;
  IF NOT FOUND THEN
    RETURN 'done';
  END IF;

  SELECT id
    INTO next_workspace
    FROM workspaces
   WHERE deletion_id = of_deletion
   ORDER BY id
   LIMIT 1;
  IF FOUND THEN
    SELECT done.step, done.cleared, done.rows
      INTO deletion.step, cleared, rows
      FROM clear_workspace(next_workspace, batch, deletion.step) AS done;
  ELSIF deletion.user_id IS NOT NULL
    AND EXISTS (SELECT FROM users WHERE id = deletion.user_id AND disabled_at IS NOT NULL) THEN
    SELECT done.step, done.cleared, done.rows
      INTO deletion.step, cleared, rows
      FROM clear_user(deletion.user_id, batch, deletion.step) AS done;
  END IF;

  IF cleared = 'waiting' THEN
    RETURN 'waiting';
  END IF;
  IF cleared IS NOT NULL THEN
    UPDATE deletions
       SET step = deletion.step,
           removed = removed
             || jsonb_build_object(cleared, coalesce((removed ->> cleared)::bigint, 0) + rows),
           updated_at = now()
     WHERE id = of_deletion;
    RETURN 'more';
  END IF;

  -- What others share with the user refers to the row, so it stays, and says nothing about them.
  UPDATE users
     SET handle = 'deleted-' || left(replace(gen_random_uuid()::text, '-', ''), 16),
         email = NULL,
         email_verified_at = NULL,
         name = NULL,
         password_hash = NULL,
         password_changed_at = NULL,
         is_admin = false
   WHERE id = deletion.user_id
     AND disabled_at IS NOT NULL;
  UPDATE deletions
     SET status = 'done',
         name = '',
         token_hash = NULL,
         updated_at = now()
   WHERE id = of_deletion;
  RETURN 'done';
END
$$;

REVOKE ALL ON FUNCTION continue_deletion FROM PUBLIC;
