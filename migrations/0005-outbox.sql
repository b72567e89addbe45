-- The outbox: work to do, and the dead letters of work that was given up.

-- The key identifies the work: its kind and its subject. A separate number would be one more index to
-- maintain at every claim. Work that belongs to no workspace has the nil UUID, which is one more in
-- the ring of workspaces that take turns.
--
-- `run_after` is schedule, backoff and lease in one: a row may be claimed once it has passed, and
-- claiming moves it to the end of the lease. Each row has its own time, even among thousands that one
-- statement inserts, so that a claim can start reading where the last one ended. `claim` is the fencing
-- token: only the holder of the last number drawn may finish, fail or release the row. `cut_off` counts
-- how many claims in a row were never released, because the worker died or was too slow. Kinds are
-- compared byte by byte, which is fast in every locale.
--
-- The table is small (a row is deleted when it is finished) and constantly rewritten. So each page has
-- room for new versions, and vacuum runs after a number of dead rows, because a share of a nearly empty
-- table means nothing.
CREATE TABLE outbox (
  kind         text        COLLATE "C" NOT NULL,
  subject_id   uuid        NOT NULL,
  workspace_id uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  payload      jsonb       NOT NULL DEFAULT '{}',
  progress     jsonb,
  request_id   text,
  traceparent  text,
  run_after    timestamptz NOT NULL DEFAULT clock_timestamp(),
  attempts     integer     NOT NULL DEFAULT 0,
  claim        bigint,
  claimed_by   uuid,
  cut_off      smallint    NOT NULL DEFAULT 0,
  last_error   text,
  enqueued_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT outbox_work_is_queued_once PRIMARY KEY (kind, subject_id)
) WITH (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

-- The claim's ORDER BY within a workspace, and the ring of workspaces that have work of a kind.
-- There are no other indexes besides the key, because each claim has to write to all of them;
-- except one that only has rows that were cut off, which are claimed one by one.
CREATE INDEX outbox_due ON outbox (kind, workspace_id, run_after);

CREATE INDEX outbox_cut_off
    ON outbox (kind, run_after)
 WHERE cut_off > 0;

CREATE SEQUENCE outbox_claims;

-- The kinds that have rows. It steps from one kind to the next through the index.
CREATE VIEW queued_kinds
WITH (security_invoker = true)
AS
WITH RECURSIVE queued AS (
  (
    SELECT kind
      FROM outbox
     WHERE kind >= ''
     ORDER BY kind
     LIMIT 1
  )
  UNION ALL
  SELECT (
           SELECT following.kind
             FROM outbox AS following
            WHERE following.kind > queued.kind
            ORDER BY following.kind
            LIMIT 1
         )
    FROM queued
   WHERE queued.kind IS NOT NULL
)
SELECT kind
  FROM queued
 WHERE kind IS NOT NULL;

-- Work that was given up, kept until an operator retries or discards it, or until the same work is
-- enqueued again.
CREATE TABLE dead_letters (
  id           bigint      GENERATED ALWAYS AS IDENTITY,
  kind         text        COLLATE "C" NOT NULL,
  subject_id   uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  payload      jsonb       NOT NULL,
  request_id   text,
  traceparent  text,
  attempts     integer     NOT NULL,
  error        text        NOT NULL,
  enqueued_at  timestamptz NOT NULL,
  died_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT dead_letters_pkey PRIMARY KEY (id),
  CONSTRAINT dead_letters_work_dies_once UNIQUE (kind, subject_id)
);

CREATE INDEX dead_letters_by_kind ON dead_letters (kind, id);

-- The kinds that have dead letters, in the same way.
CREATE VIEW dead_kinds
WITH (security_invoker = true)
AS
WITH RECURSIVE dead AS (
  (
    SELECT kind
      FROM dead_letters
     WHERE kind >= ''
     ORDER BY kind
     LIMIT 1
  )
  UNION ALL
  SELECT (
           SELECT following.kind
             FROM dead_letters AS following
            WHERE following.kind > dead.kind
            ORDER BY following.kind
            LIMIT 1
         )
    FROM dead
   WHERE dead.kind IS NOT NULL
)
SELECT kind
  FROM dead
 WHERE kind IS NOT NULL;
