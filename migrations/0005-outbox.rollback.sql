DROP TABLE dead_letters;
DROP SEQUENCE outbox_claims;
DROP TABLE outbox;
