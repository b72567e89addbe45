-- name: create :exec
-- Creates a reset for a forgotten password, and the mail about it, which the worker drops if no
-- account has the address.
WITH reset AS (
  INSERT INTO password_resets (id, email, token_hash, expires_at)
  VALUES (%(id)s, %(email)s, %(token_hash)s, now() + %(lifetime)s)
  RETURNING id, email
)
INSERT INTO mails (template, recipient, about)
SELECT 'password_reset', email, id
  FROM reset;

-- name: find :maybe
-- The address of a token; no row if it is unknown or expired.
SELECT email
  FROM password_resets
 WHERE token_hash = %(token_hash)s
   AND expires_at > now();

-- name: use :maybe
-- Uses up a reset and every other one for the same address; no row if somebody did so a moment ago.
-- In id order, so that two for one address never deadlock.
WITH held AS (
  SELECT id
    FROM password_resets
   WHERE fold(email) = fold(%(email)s)
   ORDER BY id
     FOR UPDATE
),
used AS (
  DELETE FROM password_resets
   USING held
   WHERE password_resets.id = held.id
  RETURNING password_resets.token_hash, password_resets.email
)
SELECT email
  FROM used
 WHERE token_hash = %(token_hash)s;

-- name: clear :exec
-- Removes pending resets, so that an earlier mail cannot reset a password that was set another way.
DELETE FROM password_resets
 WHERE id IN (
         SELECT id
           FROM password_resets
          WHERE fold(email) = fold(%(email)s)
          ORDER BY id
            FOR UPDATE
       );

-- name: expire :exec
-- Removes expired resets.
WITH past AS MATERIALIZED (
  SELECT id
    FROM password_resets
   WHERE expires_at < now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM password_resets
 USING past
 WHERE password_resets.id = past.id;
