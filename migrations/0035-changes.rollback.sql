DELETE FROM role_permissions WHERE permission = 'workspace:changes:read';
DROP FUNCTION is_listed(text, text[]);
DROP FUNCTION changes_after(uuid, uuid, xid8, bigint, xid8, integer);
DROP TYPE change_answer;
DROP FUNCTION restart_changes();

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
    RETURNING 1
  )
  SELECT count(*)
    FROM pruned
$$;

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
              cut_off = 0,
              last_error = NULL,
              enqueued_at = EXCLUDED.enqueued_at;
    DELETE FROM dead_letters AS dead
     WHERE dead.kind = move.work
       AND dead.subject_id = NEW.id;
  END IF;

  RETURN NULL;
END
$$;

DROP PROCEDURE follow_transitions_by_statement(regclass, text);
DROP FUNCTION record_transitions();
DROP FUNCTION record_moves(text, moved_row[]);
DROP FUNCTION listed_move(text, text, text);
DROP FUNCTION told_user(text, jsonb);
DROP TYPE moved_row;
DROP TABLE changes_feed, subscriptions;
DROP INDEX events_of_workspace, events_of_user;
ALTER TABLE events DROP COLUMN user_id, DROP COLUMN txid;
ALTER TABLE transitions DROP COLUMN audience, DROP COLUMN is_recorded;
