-- What the engine needs beside its table: fair turns between workspaces, progress, workers that say
-- they are there, kinds that are paused, counts for operators, and dead letters of which there is
-- one for each piece of work.

-- The key is what the work is: its kind and its subject. A number beside it would be one more index
-- to keep with every claim. Each row has a time of its own, also of thousands that one statement
-- puts in, so that a claim can begin to read where the last one ended. Kinds are compared byte by byte, which no locale slows down. Work that
-- belongs to no workspace has the nil UUID, so that it is one more in the ring of workspaces.
DROP INDEX outbox_due;

UPDATE outbox
   SET workspace_id = '00000000-0000-0000-0000-000000000000'
 WHERE workspace_id IS NULL;

ALTER TABLE outbox
  DROP CONSTRAINT outbox_pkey,
  DROP CONSTRAINT outbox_work_is_queued_once,
  DROP COLUMN id,
  ALTER COLUMN kind TYPE text COLLATE "C",
  ALTER COLUMN workspace_id SET DEFAULT '00000000-0000-0000-0000-000000000000',
  ALTER COLUMN workspace_id SET NOT NULL,
  ALTER COLUMN claimed_by TYPE uuid USING NULL,
  ALTER COLUMN run_after SET DEFAULT clock_timestamp(),
  ALTER COLUMN enqueued_at SET DEFAULT clock_timestamp(),
  ADD COLUMN progress jsonb,
  ADD COLUMN traceparent text,
  ADD CONSTRAINT outbox_work_is_queued_once PRIMARY KEY (kind, subject_id);

-- The claim's ORDER BY within a workspace, and the ring of workspaces that have work of a kind. The
-- key and this one are all the indexes there are: each claim has to write to both.
CREATE INDEX outbox_due ON outbox (kind, workspace_id, run_after);

-- Of work that died again its last letter is the one to keep.
DELETE FROM dead_letters AS older
 USING dead_letters AS newer
 WHERE newer.kind = older.kind
   AND newer.subject_id = older.subject_id
   AND newer.id > older.id;

UPDATE dead_letters
   SET workspace_id = '00000000-0000-0000-0000-000000000000'
 WHERE workspace_id IS NULL;

DROP INDEX dead_letters_by_subject;

ALTER TABLE dead_letters
  ALTER COLUMN kind TYPE text COLLATE "C",
  ALTER COLUMN workspace_id SET NOT NULL,
  ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN traceparent text,
  ADD CONSTRAINT dead_letters_work_dies_once UNIQUE (kind, subject_id);

DO $$
BEGIN
  PERFORM setval(
            pg_get_serial_sequence('dead_letters', 'id'),
            coalesce(max(id), 0) + 1,
            false
          )
     FROM dead_letters;
END
$$;

CREATE INDEX dead_letters_by_kind ON dead_letters (kind, id);

-- The worker processes that run now. `listening_for` has the kinds of which it would start new work
-- at once: it sleeps until it is notified. A row is deleted by its worker's orderly end, and by a
-- schedule where the worker was not seen for long.
CREATE TABLE workers (
  id            uuid        NOT NULL,
  host          text        NOT NULL,
  pid           integer     NOT NULL,
  kinds         text[]      NOT NULL,
  listening_for text[]      NOT NULL DEFAULT '{}',
  started_at    timestamptz NOT NULL DEFAULT now(),
  last_seen_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workers_pkey PRIMARY KEY (id)
) WITH (fillfactor = 50);

-- Kinds that no worker is to begin on.
CREATE TABLE paused_kinds (
  kind      text        COLLATE "C" NOT NULL,
  paused_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT paused_kinds_pkey PRIMARY KEY (kind)
);

-- How much was done in each minute. Finished work leaves no row, so workers add up here, every few
-- seconds, what they finished.
CREATE TABLE work_counts (
  kind     text        COLLATE "C" NOT NULL,
  minute   timestamptz NOT NULL,
  finished bigint      NOT NULL DEFAULT 0,
  failed   bigint      NOT NULL DEFAULT 0,
  CONSTRAINT work_counts_pkey PRIMARY KEY (kind, minute)
);

CREATE INDEX work_counts_by_minute ON work_counts (minute);

-- Wakes the workers that sleep and do this kind of work. A commit that notifies takes a lock of the
-- whole server, so nothing is sent where everybody is at work anyway.
CREATE FUNCTION wake_workers()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF EXISTS (
    SELECT FROM workers
     WHERE listening_for <> '{}'
  ) THEN
    PERFORM pg_notify('coffer_work', waiting.kind)
       FROM (
              SELECT DISTINCT kind
                FROM queued
               WHERE run_after <= clock_timestamp()
            ) AS waiting
      WHERE EXISTS (
              SELECT FROM workers AS worker
               WHERE waiting.kind = ANY (worker.listening_for)
                 AND worker.last_seen_at > now() - interval '1 minute'
            );
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER outbox_wakes_workers
  AFTER INSERT ON outbox
  REFERENCING NEW TABLE AS queued
  FOR EACH STATEMENT
  EXECUTE FUNCTION wake_workers();

-- What a late fire is worth. `skip`: a time that passed more than a minute ago is left out. `once`:
-- all the times that passed are made up for by one fire. `all`: each of them fires, and has a row
-- of its own in the outbox.
ALTER TABLE schedules
  ADD COLUMN late text NOT NULL DEFAULT 'once',
  ADD CONSTRAINT schedules_late_is_a_policy CHECK (late IN ('skip', 'once', 'all'));

INSERT INTO schedules (kind, cron)
VALUES ('prune_workers', '7 * * * *'),
       ('prune_events', '23 3 * * *');

-- Removes a batch of the oldest events that happened before a day; returns how many. The app role
-- may not touch history, so this acts for it, and spares the last thirty days whoever asks. The
-- first rows by number are the oldest, within the seconds that transactions take.
CREATE FUNCTION prune_events(before timestamptz, batch integer)
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
    RETURNING 1
  )
  SELECT count(*)
    FROM pruned
$$;

REVOKE ALL ON FUNCTION prune_events FROM PUBLIC;

-- As before, and the trace of the request goes with the work as its id does.
CREATE OR REPLACE FUNCTION record_transition()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  this_entity CONSTANT text := TG_ARGV[0];
  this_request CONSTANT text := nullif(current_setting('coffer.request_id', true), '');
  this_trace CONSTANT text := nullif(current_setting('coffer.traceparent', true), '');
  old_status text;
  move transitions;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    old_status := OLD.status;
  END IF;

  SELECT t.*
    INTO move
    FROM transitions AS t
   WHERE t.entity = this_entity
     AND t.from_status IS NOT DISTINCT FROM old_status
     AND t.to_status = NEW.status;
  IF NOT FOUND THEN
    PERFORM refuse_transition(this_entity, old_status, jsonb_build_object('to_status', NEW.status));
  END IF;

  INSERT INTO events
    (workspace_id, entity, entity_id, event, from_status, to_status, actor, request_id, payload)
  VALUES (
    NEW.workspace_id,
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

  IF move.work IS NOT NULL THEN
    INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id, traceparent)
    VALUES (move.work, NEW.id, NEW.workspace_id, this_request, this_trace)
    ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
    DO UPDATE
          SET request_id = EXCLUDED.request_id,
              traceparent = EXCLUDED.traceparent,
              progress = NULL,
              run_after = EXCLUDED.run_after,
              attempts = 0,
              claim = NULL,
              claimed_by = NULL,
              last_error = NULL,
              enqueued_at = EXCLUDED.enqueued_at;
    DELETE FROM dead_letters AS dead
     WHERE dead.kind = move.work
       AND dead.subject_id = NEW.id;
  END IF;

  RETURN NULL;
END
$$;
