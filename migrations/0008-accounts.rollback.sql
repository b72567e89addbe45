DELETE FROM outbox WHERE kind IN ('send_mails', 'expire_tokens');
DELETE FROM dead_letters WHERE kind IN ('send_mails', 'expire_tokens');
DELETE FROM schedules WHERE kind = 'expire_tokens';

DROP TABLE mails, identities, recovery_codes, totp, known_addresses, sessions, password_resets, registrations;

DELETE FROM transitions WHERE entity IN ('session', 'mail');

DROP INDEX users_email_is_unique;

ALTER TABLE users
  DROP COLUMN email,
  DROP COLUMN email_verified_at,
  DROP COLUMN name,
  DROP COLUMN password_hash,
  DROP COLUMN password_changed_at,
  DROP COLUMN is_admin,
  DROP COLUMN disabled_at;
