DELETE FROM schedules WHERE kind IN ('prune_workers', 'prune_events');
ALTER TABLE schedules DROP COLUMN late;
DROP FUNCTION prune_events;
DROP TRIGGER outbox_wakes_workers ON outbox;
DROP FUNCTION wake_workers;
DROP TABLE work_counts;
DROP TABLE paused_kinds;
DROP TABLE workers;

DROP INDEX dead_letters_by_kind;
ALTER TABLE dead_letters
  DROP CONSTRAINT dead_letters_work_dies_once,
  DROP COLUMN traceparent,
  ALTER COLUMN id DROP IDENTITY,
  ALTER COLUMN workspace_id DROP NOT NULL,
  ALTER COLUMN kind TYPE text COLLATE "default";
CREATE INDEX dead_letters_by_subject ON dead_letters (kind, subject_id);

DROP INDEX outbox_due;
ALTER TABLE outbox
  DROP CONSTRAINT outbox_work_is_queued_once,
  DROP COLUMN traceparent,
  DROP COLUMN progress,
  ALTER COLUMN claimed_by TYPE text,
  ALTER COLUMN run_after SET DEFAULT now(),
  ALTER COLUMN enqueued_at SET DEFAULT now(),
  ALTER COLUMN workspace_id DROP NOT NULL,
  ALTER COLUMN workspace_id DROP DEFAULT,
  ALTER COLUMN kind TYPE text COLLATE "default",
  ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY,
  ADD CONSTRAINT outbox_pkey PRIMARY KEY (id),
  ADD CONSTRAINT outbox_work_is_queued_once UNIQUE (kind, subject_id);
CREATE INDEX outbox_due ON outbox (kind, run_after);

CREATE OR REPLACE FUNCTION record_transition()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  this_entity CONSTANT text := TG_ARGV[0];
  this_request CONSTANT text := nullif(current_setting('coffer.request_id', true), '');
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
    INSERT INTO outbox AS queued (kind, subject_id, workspace_id, request_id)
    VALUES (move.work, NEW.id, NEW.workspace_id, this_request)
    ON CONFLICT ON CONSTRAINT outbox_work_is_queued_once
    DO UPDATE
          SET request_id = EXCLUDED.request_id,
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
