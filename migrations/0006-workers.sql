-- Workers: which ones are running, how they are woken, which kinds are paused, and what they did.

-- A table that stays small is read whole; a test refuses that of any other, and goes by the comments.

-- The running worker processes. `listening_for` has the kinds that a worker would start at once: it
-- sleeps until it is notified of one. A worker deletes its row when it stops properly; a schedule
-- deletes the rows of those that have not been seen for long.
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

COMMENT ON TABLE workers IS 'Stays small: a row for each process.';

INSERT INTO schedules (kind, cron)
VALUES ('prune_workers', '7 * * * *');

-- Wakes the sleeping workers that do this kind of work. A commit that notifies takes a server-wide
-- lock, so nothing is sent while all of them are busy anyway.
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

-- Kinds that no worker may start.
CREATE TABLE paused_kinds (
  kind      text        COLLATE "C" NOT NULL,
  paused_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT paused_kinds_pkey PRIMARY KEY (kind)
);

COMMENT ON TABLE paused_kinds IS 'Stays small: a row for each kind of work at most.';

-- How much was done in each minute. Finished work leaves no row, so every few seconds workers add
-- what they have finished here.
CREATE TABLE work_counts (
  kind     text        COLLATE "C" NOT NULL,
  minute   timestamptz NOT NULL,
  finished bigint      NOT NULL DEFAULT 0,
  failed   bigint      NOT NULL DEFAULT 0,
  CONSTRAINT work_counts_pkey PRIMARY KEY (kind, minute)
);

CREATE INDEX work_counts_by_minute ON work_counts (minute);
