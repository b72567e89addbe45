-- name: identify :exec
-- Tells the open transaction who acts and for which request; the state machine writes both into
-- the events of every move.
SELECT set_config('coffer.actor', %(actor)s, true),
       set_config('coffer.request_id', %(request_id)s, true);
