-- How much of its allowance each caller has used, as a single time: each use advances it by what
-- one use is worth, and there is room as long as it is less than the whole window ahead. Nothing
-- needs to be reset, and a row whose time has passed means the same as a missing one.

-- Unlogged, because losing it in a server crash only costs a fresh allowance.
CREATE UNLOGGED TABLE rate_limits (
  key        text        NOT NULL,
  used_until timestamptz NOT NULL,
  CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
) WITH (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000
);

CREATE INDEX rate_limits_by_time ON rate_limits (used_until);
