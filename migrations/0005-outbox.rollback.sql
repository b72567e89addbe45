DROP VIEW dead_kinds;
DROP TABLE dead_letters;
DROP VIEW queued_kinds;
DROP SEQUENCE outbox_claims;
DROP TABLE outbox;
