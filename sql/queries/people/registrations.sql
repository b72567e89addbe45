-- name: create :value
-- Creates a registration, and the mail to confirm the address, which the worker replaces by another
-- one if the address already has an account. Returns the id of the mail.
WITH registration AS (
  INSERT INTO registrations (id, email, name, password_hash, token_hash, expires_at)
  VALUES (
    %(id)s,
    %(email)s,
    %(name)s,
    %(password_hash)s,
    %(token_hash)s,
    now() + %(lifetime)s
  )
  RETURNING id, email
)
INSERT INTO mails (template, recipient, about)
SELECT 'registration', email, id
  FROM registration
RETURNING id;

-- name: find :maybe
-- The registration of a token.
SELECT id,
       email,
       name,
       password_hash
  FROM registrations
 WHERE token_hash = %(token_hash)s
   AND expires_at > now();

-- name: use :maybe
-- Uses up a registration; no row if somebody did a moment ago.
DELETE FROM registrations
 WHERE id = %(id)s
RETURNING id;

-- name: expire :exec
-- Removes expired registrations.
WITH past AS MATERIALIZED (
  SELECT id
    FROM registrations
   WHERE expires_at < now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM registrations
 USING past
 WHERE registrations.id = past.id;
