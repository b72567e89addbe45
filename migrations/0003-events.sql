-- What happened, for timelines and audit. The app role may add to it and change nothing.

-- No foreign keys: history outlives what it tells of. The id gives the order of the events of one
-- thing, because its moves wait for each other's row lock; for the same reason the time is the
-- clock's, not the transaction's.
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

-- Removes a batch of the oldest events from before a time; returns how many. The app role may not
-- touch history, so this acts for it, and spares the last thirty days whoever asks. The rows with the
-- lowest ids are the oldest, give or take the seconds that transactions last.
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
