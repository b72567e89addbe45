DELETE FROM outbox WHERE kind = 'expire_tokens';
DELETE FROM dead_letters WHERE kind = 'expire_tokens';
DELETE FROM schedules WHERE kind = 'expire_tokens';
DROP TABLE sessions;
DELETE FROM transitions WHERE entity = 'session';
