DELETE FROM outbox WHERE kind = 'expire_idempotency_keys';
DELETE FROM dead_letters WHERE kind = 'expire_idempotency_keys';
DELETE FROM schedules WHERE kind = 'expire_idempotency_keys';
DROP TABLE idempotency_keys;
