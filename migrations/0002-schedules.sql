-- Work that comes round: each time a schedule is due, a clock puts its `kind` into the outbox, with the
-- schedule as the subject. A migration adds its own schedules here.

-- `cron` is read in UTC. `late` says what becomes of times that passed while no clock ran: with `skip`
-- a time more than a minute past is left out; with `once` a single fire makes up for all of them; with
-- `all` each of the last hundred fires, and has a row of its own in the outbox.
CREATE TABLE schedules (
  id          uuid        NOT NULL DEFAULT uuidv7(),
  kind        text        NOT NULL,
  cron        text        NOT NULL,
  late        text        NOT NULL DEFAULT 'once',
  next_run_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT schedules_pkey PRIMARY KEY (id),
  CONSTRAINT schedules_kind_is_unique UNIQUE (kind),
  CONSTRAINT schedules_late_is_a_policy CHECK (late IN ('skip', 'once', 'all'))
);

-- The latest time that a clock has seen here. Where it is later than now, the server's clock has gone
-- back.
CREATE TABLE latest_time (
  is_one  boolean     NOT NULL DEFAULT true,
  seen_at timestamptz NOT NULL,
  CONSTRAINT latest_time_is_one PRIMARY KEY (is_one),
  CONSTRAINT latest_time_is_no_more_than_one CHECK (is_one)
);

COMMENT ON TABLE latest_time IS 'Stays small: one row.';
