-- name: identify :exec
-- Tells the open transaction who acts and for which request and trace; the state machine writes
-- them into the events of every move and into the work that follows from it.
SELECT set_config('coffer.actor', %(actor)s, true),
       set_config('coffer.request_id', %(request_id)s, true),
       set_config('coffer.traceparent', %(traceparent)s, true);
