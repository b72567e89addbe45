-- name: bound :exec
-- Sets how long a statement may wait for locks, how long it may run, and how long a transaction may
-- be idle: for this transaction, or for the whole connection.
SELECT set_config('lock_timeout', %(lock_timeout)s, %(local)s),
       set_config('statement_timeout', %(statement_timeout)s, %(local)s),
       set_config('idle_in_transaction_session_timeout', %(idle_timeout)s, %(local)s);

-- name: identify :exec
-- Tells the open transaction who acts, and for which request and trace; the state machine writes
-- them into the events of every transition and into the work that follows from it.
SELECT set_config('coffer.actor', %(actor)s, true),
       set_config('coffer.request_id', %(request_id)s, true),
       set_config('coffer.traceparent', %(traceparent)s, true);
