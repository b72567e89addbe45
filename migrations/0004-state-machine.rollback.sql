DROP PROCEDURE follow_transitions;
DROP FUNCTION record_transition();
DROP FUNCTION next_status(text, text, text);
DROP FUNCTION refuse_transition(text, text, jsonb);
DROP TABLE transitions;
