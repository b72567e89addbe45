DROP FUNCTION reveal_answers(uuid);
ALTER TABLE tokens
  DROP CONSTRAINT tokens_reveal_exists,
  DROP COLUMN reverted_reveals;
DROP TABLE reveal_attempts, reveal_transactions;
DROP FUNCTION refuse_to_change_attempts();
DELETE FROM schedules WHERE kind = 'check_keepers';
DELETE FROM transitions WHERE entity = 'reveal';
DELETE FROM outbox WHERE kind IN ('plan_reveals', 'sign_reveals', 'send_reveals', 'confirm_reveals', 'check_keepers');
DELETE FROM dead_letters WHERE kind IN ('plan_reveals', 'sign_reveals', 'send_reveals', 'confirm_reveals', 'check_keepers');
DELETE FROM events WHERE entity = 'reveal';
