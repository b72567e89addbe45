-- Work that comes round: at each fire a clock puts `kind` into the outbox with the schedule as its
-- subject. `cron` is read in UTC.

CREATE TABLE schedules (
  id          uuid        NOT NULL DEFAULT uuidv7(),
  kind        text        NOT NULL,
  cron        text        NOT NULL,
  next_run_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT schedules_pkey PRIMARY KEY (id),
  CONSTRAINT schedules_kind_is_unique UNIQUE (kind)
);

INSERT INTO schedules (kind, cron)
VALUES ('expire_idempotency_keys', '*/10 * * * *');
