-- State as data: the legal transitions of every kind of thing are rows of one table, and one
-- trigger refuses every other transition, whoever requests it.

-- A row is one legal transition. A null `from_status` means creation. `event` names the transition
-- in the timeline. `action` is what a client requests to make it; null if only the system makes it.
-- `work` is the kind of work that entering the status puts into the outbox. `payload` names the
-- columns of the row that its event stores.
CREATE TABLE transitions (
  entity      text   NOT NULL,
  from_status text,
  to_status   text   NOT NULL,
  event       text   NOT NULL,
  action      text,
  work        text,
  payload     text[] NOT NULL DEFAULT '{}',
  CONSTRAINT transitions_move_is_unique
    UNIQUE NULLS NOT DISTINCT (entity, from_status, to_status),
  CONSTRAINT transitions_event_names_its_entity CHECK (starts_with(event, entity || '.')),
  CONSTRAINT transitions_move_changes_the_status CHECK (from_status IS DISTINCT FROM to_status)
);

CREATE UNIQUE INDEX transitions_action_leads_to_one_status
    ON transitions (entity, from_status, action)
 WHERE action IS NOT NULL;

-- Refuses a transition, in the form that the API turns into its response: the constraint's name,
-- and the facts as JSON in the detail.
CREATE FUNCTION refuse_transition(entity text, from_status text, wanted jsonb)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  RAISE EXCEPTION '%', CASE
      WHEN wanted ? 'action' THEN format('the %s is %s: %s is not allowed', entity, from_status, wanted ->> 'action')
      WHEN from_status IS NULL THEN format('no %s begins as %s', entity, wanted ->> 'to_status')
      ELSE format('the %s cannot go from %s to %s', entity, from_status, wanted ->> 'to_status')
    END
    USING ERRCODE = 'check_violation',
          CONSTRAINT = 'transitions',
          DETAIL = wanted || jsonb_build_object(
            'entity', entity,
            'status', from_status,
            'allowed_actions', (
              SELECT coalesce(jsonb_agg(t.action ORDER BY t.action), '[]')
                FROM transitions AS t
               WHERE t.entity = refuse_transition.entity
                 AND t.from_status = refuse_transition.from_status
                 AND t.action IS NOT NULL
            )
          );
END
$$;

-- The status that an action leads to. Refuses an action that the current status does not allow.
CREATE FUNCTION next_status(entity text, from_status text, action text)
RETURNS text
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  found_status text;
BEGIN
  SELECT t.to_status
    INTO found_status
    FROM transitions AS t
   WHERE t.entity = next_status.entity
     AND t.from_status = next_status.from_status
     AND t.action = next_status.action;
  IF NOT FOUND THEN
    PERFORM refuse_transition(entity, from_status, jsonb_build_object('action', action));
  END IF;
  RETURN found_status;
END
$$;

-- The trigger of every table that follows the transitions: refuses a transition that is not listed,
-- writes it to `events`, and puts the work that the new status needs into `outbox`. Work that is
-- already queued is restarted: its holder loses the claim, because it works on an outdated status.
-- New work replaces its dead letter. Both get the request's id and trace.
CREATE FUNCTION record_transition()
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

-- Makes a table with the columns `id`, `workspace_id` and `status` follow the transitions of an
-- entity: rows are only created and changed by them.
CREATE PROCEDURE follow_transitions(follower regclass, entity text)
LANGUAGE plpgsql
AS $$
BEGIN
  EXECUTE format(
    'CREATE TRIGGER %I AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION record_transition(%L)',
    follower || '_are_born_by_the_table_of_transitions',
    follower,
    entity
  );
  EXECUTE format(
    'CREATE TRIGGER %I AFTER UPDATE ON %s FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)'
      ' EXECUTE FUNCTION record_transition(%L)',
    follower || '_move_by_the_table_of_transitions',
    follower,
    entity
  );
END
$$;
