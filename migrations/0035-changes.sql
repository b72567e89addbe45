-- Changes: the events of a workspace as consumers follow them, without missing any.

-- `is_recorded` is false if the transition writes no event, because its table keeps all there is to know and
-- there are as many rows as events.
ALTER TABLE transitions
  ADD COLUMN is_recorded boolean NOT NULL DEFAULT true;

-- Who is told of an entity's events: everybody who may read the changes of its workspace; the `user`
-- whose `user_id` its table has; or nobody, because they are about how this server works.
ALTER TABLE transitions
  ADD COLUMN audience text NOT NULL DEFAULT 'workspace',
  ADD CONSTRAINT transitions_audience_is_known CHECK (audience IN ('workspace', 'user', 'nobody'));

UPDATE transitions
   SET audience = CASE
         WHEN entity IN ('mail', 'object', 'session') THEN 'nobody'
         ELSE 'user'
       END
 WHERE entity IN ('connection', 'mail', 'object', 'received_mail', 'session', 'task', 'transfer', 'watch');

-- `user_id` is the only user who is told of the event, or the nil UUID if nobody is; null: all of the
-- workspace. `txid` is the transaction that wrote it. Transactions do not commit in the order of their
-- events' ids: who reads on from the last id misses what commits later with a lower one. But no
-- transaction begins below `pg_snapshot_xmin` any more, and all below have ended, so what is below is
-- complete, and stays in the order of (txid, id). Earlier events come first; rewriting a large table to
-- number them would take long.
ALTER TABLE events
  ADD COLUMN user_id uuid,
  ADD COLUMN txid xid8 NOT NULL DEFAULT '0';

ALTER TABLE events
  ALTER COLUMN txid SET DEFAULT pg_current_xact_id();

UPDATE events
   SET user_id = coalesce(
         (SELECT task.user_id FROM tasks AS task WHERE events.entity = 'task' AND task.id = events.entity_id),
         '00000000-0000-0000-0000-000000000000'
       )
 WHERE entity IN (SELECT entity FROM transitions WHERE audience <> 'workspace');

CREATE INDEX events_of_workspace
    ON events (workspace_id, txid, id)
 WHERE user_id IS NULL;

CREATE INDEX events_of_user
    ON events (workspace_id, user_id, txid, id)
 WHERE user_id IS NOT NULL;

-- The hub of events: a row has each event of this name start this kind of work too, on the thing that it
-- is about and in the same transaction, besides the work that its transition names.
CREATE TABLE subscriptions (
  event text NOT NULL,
  work  text NOT NULL,
  CONSTRAINT subscriptions_pkey PRIMARY KEY (event, work)
);

COMMENT ON TABLE subscriptions IS 'Stays small: it only grows with migrations.';

-- As before, says who is told, and starts the work of those who subscribed.
CREATE OR REPLACE FUNCTION record_transition()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  this_entity CONSTANT text := TG_ARGV[0];
  this_request CONSTANT text := nullif(current_setting('coffer.request_id', true), '');
  this_trace CONSTANT text := nullif(current_setting('coffer.traceparent', true), '');
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  old_status text;
  move record;
  this_work text;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    old_status := OLD.status;
  END IF;

  SELECT t.*,
         ARRAY(SELECT s.work FROM subscriptions AS s WHERE s.event = t.event) AS subscribed
    INTO move
    FROM transitions AS t
   WHERE t.entity = this_entity
     AND t.from_status IS NOT DISTINCT FROM old_status
     AND t.to_status = NEW.status;
  IF NOT FOUND THEN
    PERFORM refuse_transition(this_entity, old_status, jsonb_build_object('to_status', NEW.status));
  END IF;

  IF move.is_recorded THEN
    INSERT INTO events
      (workspace_id, user_id, entity, entity_id, event, from_status, to_status, actor, request_id, payload)
    VALUES (
      NEW.workspace_id,
      CASE move.audience
        WHEN 'user' THEN coalesce((to_jsonb(NEW) ->> 'user_id')::uuid, nobody)
        WHEN 'nobody' THEN nobody
      END,
      this_entity,
      NEW.id,
      move.event,
      old_status,
      NEW.status,
      coalesce(nullif(current_setting('coffer.actor', true), ''), 'database:' || session_user),
      this_request,
      (
        SELECT coalesce(jsonb_object_agg(kept.name, to_jsonb(NEW) -> kept.name), '{}')
          FROM unnest(move.payload) AS kept (name)
      )
    );
  END IF;

  FOREACH this_work IN ARRAY array_remove(move.work || move.subscribed, NULL) LOOP
    INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id, traceparent)
    VALUES (this_work, NEW.id, NEW.workspace_id, this_request, this_trace)
    ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
    DO UPDATE
          SET request_id = EXCLUDED.request_id,
              traceparent = EXCLUDED.traceparent,
              progress = NULL,
              run_after = EXCLUDED.run_after,
              attempts = 0,
              claim = NULL,
              claimed_by = NULL,
              cut_off = 0,
              last_error = NULL,
              enqueued_at = EXCLUDED.enqueued_at;
    DELETE FROM dead_letters AS dead
     WHERE dead.kind = this_work
       AND dead.subject_id = NEW.id;
  END LOOP;

  RETURN NULL;
END
$$;

-- What is written of a row that has moved. `event` is null if its move is not listed, and `user_id` says who
-- is told, as in `events`.
CREATE TYPE moved_row AS (
  id           uuid,
  workspace_id uuid,
  user_id      uuid,
  from_status  text,
  to_status    text,
  event        text,
  is_recorded  boolean,
  work         text[],
  payload      jsonb
);

-- A move from the table of transitions, with all the work that it starts, also of those who subscribed; no
-- row if it is not listed.
CREATE FUNCTION listed_move(of_entity text, old_status text, new_status text)
RETURNS TABLE (event text, audience text, is_recorded boolean, work text[], payload text[])
LANGUAGE sql
STABLE
ROWS 1
AS $$
  SELECT t.event,
         t.audience,
         t.is_recorded,
         array_remove(t.work || ARRAY(SELECT s.work FROM subscriptions AS s WHERE s.event = t.event), NULL),
         t.payload
    FROM transitions AS t
   WHERE t.entity = of_entity
     AND t.from_status IS NOT DISTINCT FROM old_status
     AND t.to_status = new_status
$$;

-- The only user who is told of a row's move, as `events` has it.
CREATE FUNCTION told_user(audience text, moved jsonb)
RETURNS uuid
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT CASE audience
           WHEN 'user' THEN coalesce((moved ->> 'user_id')::uuid, '00000000-0000-0000-0000-000000000000')
           WHEN 'nobody' THEN '00000000-0000-0000-0000-000000000000'
         END
$$;

-- Does for rows together what `record_transition` does for one.
CREATE FUNCTION record_moves(this_entity text, moved moved_row[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  this_request CONSTANT text := nullif(current_setting('coffer.request_id', true), '');
  this_trace CONSTANT text := nullif(current_setting('coffer.traceparent', true), '');
  this_actor CONSTANT text :=
    coalesce(nullif(current_setting('coffer.actor', true), ''), 'database:' || session_user);
  refused record;
BEGIN
  SELECT m.from_status,
         m.to_status
    INTO refused
    FROM unnest(moved) AS m
   WHERE m.event IS NULL
   LIMIT 1;
  IF FOUND THEN
    PERFORM refuse_transition(
      this_entity,
      refused.from_status,
      jsonb_build_object('to_status', refused.to_status)
    );
  END IF;

  INSERT INTO events
    (workspace_id, user_id, entity, entity_id, event, from_status, to_status, actor, request_id, payload)
  SELECT m.workspace_id,
         m.user_id,
         this_entity,
         m.id,
         m.event,
         m.from_status,
         m.to_status,
         this_actor,
         this_request,
         m.payload
    FROM unnest(moved) AS m
   WHERE m.is_recorded;

  INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id, traceparent)
  SELECT started.kind,
         m.id,
         m.workspace_id,
         this_request,
         this_trace
    FROM unnest(moved) AS m
   CROSS JOIN unnest(m.work) AS started (kind)
  ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
  DO UPDATE
        SET request_id = EXCLUDED.request_id,
            traceparent = EXCLUDED.traceparent,
            progress = NULL,
            run_after = EXCLUDED.run_after,
            attempts = 0,
            claim = NULL,
            claimed_by = NULL,
            cut_off = 0,
            last_error = NULL,
            enqueued_at = EXCLUDED.enqueued_at;
  IF FOUND THEN
    DELETE FROM dead_letters AS dead
     USING unnest(moved) AS m
     WHERE dead.kind = ANY (m.work)
       AND dead.subject_id = m.id;
  END IF;
END
$$;

-- The trigger for tables of which statements make and move many rows at once: it takes a third of the time of
-- `record_transition` for many, and more for one.
CREATE FUNCTION record_transitions()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  moved moved_row[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(
             ROW(
               now.id,
               now.workspace_id,
               told_user(move.audience, to_jsonb(now)),
               NULL,
               now.status,
               move.event,
               move.is_recorded,
               move.work,
               (
                 SELECT coalesce(jsonb_object_agg(kept.name, to_jsonb(now) -> kept.name), '{}')
                   FROM unnest(move.payload) AS kept (name)
               )
             )::moved_row
           )
      INTO moved
      FROM new_rows AS now
      LEFT JOIN listed_move(TG_ARGV[0], NULL, now.status) AS move
        ON true;
  ELSE
    -- A full join, because that is never made by comparing each row with each other one.
    SELECT array_agg(
             ROW(
               now.id,
               now.workspace_id,
               told_user(move.audience, to_jsonb(now)),
               before.status,
               now.status,
               move.event,
               move.is_recorded,
               move.work,
               (
                 SELECT coalesce(jsonb_object_agg(kept.name, to_jsonb(now) -> kept.name), '{}')
                   FROM unnest(move.payload) AS kept (name)
               )
             )::moved_row
           )
      INTO moved
      FROM new_rows AS now
      FULL JOIN old_rows AS before
        ON before.id = now.id
      LEFT JOIN LATERAL listed_move(TG_ARGV[0], before.status, now.status) AS move
        ON true
     WHERE before.status IS DISTINCT FROM now.status;
  END IF;
  IF moved IS NOT NULL THEN
    PERFORM record_moves(TG_ARGV[0], moved);
  END IF;
  RETURN NULL;
END
$$;

-- As `follow_transitions`, for a table of which statements make and move many rows at once.
CREATE PROCEDURE follow_transitions_by_statement(follower regclass, entity text)
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format(
    'CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
      ' FOR EACH STATEMENT EXECUTE FUNCTION record_transitions(%L)',
    follower || '_are_born_by_the_table_of_transitions',
    follower,
    entity
  );
  EXECUTE format(
    'CREATE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
      ' FOR EACH STATEMENT EXECUTE FUNCTION record_transitions(%L)',
    follower || '_move_by_the_table_of_transitions',
    follower,
    entity
  );
END
$$;

-- What a position in the changes means. Numbers of transactions are only comparable within one life of
-- the database: `id` changes when it is restored. `pruned_to` is the last transaction of which events
-- were removed.
CREATE TABLE changes_feed (
  id        uuid NOT NULL DEFAULT uuidv7(),
  pruned_to xid8,
  CONSTRAINT changes_feed_pkey PRIMARY KEY (id)
);

COMMENT ON TABLE changes_feed IS 'Stays small: one row.';

INSERT INTO changes_feed DEFAULT VALUES;

-- As before, and notes up to where events were removed.
CREATE OR REPLACE FUNCTION prune_events(before timestamptz, batch integer)
RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
  WITH oldest AS (
    SELECT id, occurred_at
      FROM events
     ORDER BY id
     LIMIT batch
  ), pruned AS (
    DELETE FROM events
     USING oldest
     WHERE events.id = oldest.id
       AND oldest.occurred_at < least(before, now() - interval '30 days')
    RETURNING events.txid
  ), noted AS (
    UPDATE changes_feed
       SET pruned_to = greatest(pruned_to, last.txid)
      FROM (SELECT max(txid) AS txid FROM pruned) AS last
     WHERE last.txid IS NOT NULL
  )
  SELECT count(*)
    FROM pruned
$$;

-- For operators, after the database was restored from a backup: positions of before mean nothing now,
-- and transactions may begin again with lower numbers.
CREATE FUNCTION restart_changes()
RETURNS void
LANGUAGE sql
AS $$
  UPDATE events
     SET txid = '0'
   WHERE txid <> '0';
  UPDATE changes_feed
     SET id = uuidv7(),
         pruned_to = NULL;
$$;

-- A change as responses show it, with its position.
CREATE TYPE change_answer AS (
  id          bigint,
  event       text,
  entity      text,
  entity_id   uuid,
  from_status text,
  to_status   text,
  actor       text,
  request_id  text,
  occurred_at timestamptz,
  txid        xid8
);

-- The first changes of a workspace, as a user sees them, after a position, of transactions before
-- another. Both indexes are read for so many, in order, so it costs the same however many there are.
CREATE FUNCTION changes_after(
  of_workspace uuid,
  of_user uuid,
  after_txid xid8,
  after_id bigint,
  until xid8,
  most integer
)
RETURNS SETOF change_answer
LANGUAGE sql
STABLE
AS $$
  (
    SELECT id, event, entity, entity_id, from_status, to_status, actor, request_id, occurred_at, txid
      FROM events
     WHERE workspace_id = of_workspace
       AND user_id IS NULL
       AND (txid, id) > (after_txid, after_id)
       AND txid < until
     ORDER BY txid, id
     LIMIT most
  )
  UNION ALL
  (
    SELECT id, event, entity, entity_id, from_status, to_status, actor, request_id, occurred_at, txid
      FROM events
     WHERE workspace_id = of_workspace
       AND user_id = of_user
       AND (txid, id) > (after_txid, after_id)
       AND txid < until
     ORDER BY txid, id
     LIMIT most
  )
  ORDER BY txid, id
  LIMIT most
$$;

-- Whether a list of names, such as `document.read`, has an event's. `document.*` means all of an entity,
-- and no list means everything.
CREATE FUNCTION is_listed(event text, names text[])
RETURNS boolean
LANGUAGE sql
IMMUTABLE
AS $$
  SELECT names IS NULL OR ARRAY[event, split_part(event, '.', 1) || '.*'] && names
$$;

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:changes:read'),
  ('member', 'workspace:changes:read'),
  ('owner',  'workspace:changes:read');
