-- Recurring work: each time a schedule is due, a clock puts its `kind` into the outbox, with the
-- schedule as the subject. A migration adds its own schedules here.

-- `cron` is in UTC. `late` decides about times that passed while no clock ran: `skip` leaves out a
-- time more than a minute past; `once` fires once for all of them; `all` fires for each of the last
-- hundred, with a row of its own in the outbox.
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

-- The latest time that a clock has seen here. If it is later than now, the server's clock has gone
-- back.
CREATE TABLE latest_time (
  is_one  boolean     NOT NULL DEFAULT true,
  seen_at timestamptz NOT NULL,
  CONSTRAINT latest_time_is_one PRIMARY KEY (is_one),
  CONSTRAINT latest_time_is_no_more_than_one CHECK (is_one)
);

COMMENT ON TABLE latest_time IS 'Stays small: one row.';
