-- Events, for timelines and audit. The app role may add to them but not change them.

-- No foreign keys: history outlives its subjects. The id gives the order of the events of one
-- thing, because its transitions wait for each other's row lock; for the same reason the time is
-- the clock's, not the transaction's.
CREATE TABLE events (
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  workspace_id uuid,
  entity       text        NOT NULL,
  entity_id    uuid        NOT NULL,
  event        text        NOT NULL,
  from_status  text,
  to_status    text,
  actor        text        NOT NULL,
  request_id   text,
  payload      jsonb       NOT NULL DEFAULT '{}',
  occurred_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT events_pkey PRIMARY KEY (id)
);

CREATE INDEX events_timeline ON events (entity_id, id);

-- Removes a batch of the oldest events before a time; returns how many. The app role may not change
-- history, so this acts for it, and always keeps the last thirty days. The rows with the lowest ids
-- are the oldest, give or take the seconds that transactions last.
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

INSERT INTO schedules (kind, cron)
VALUES ('prune_events', '23 3 * * *');
