DROP FUNCTION record_transition();
DROP FUNCTION next_status(text, text, text);
DROP FUNCTION refuse_transition(text, text, jsonb);
DROP TABLE dead_letters;
DROP SEQUENCE outbox_claims;
DROP TABLE outbox;
DROP TABLE events;
DROP TABLE transitions;
