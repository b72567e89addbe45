-- name: create :exec
-- Somebody forgot a password: the reset, and the mail about it, which the worker drops where no
-- account has the address.
WITH reset AS (
  INSERT INTO password_resets (id, email, token_hash, expires_at)
  VALUES (%(id)s, %(email)s, %(token_hash)s, now() + %(lifetime)s)
  RETURNING id, email
)
INSERT INTO mails (template, recipient, about)
SELECT 'password_reset', email, id
  FROM reset;

-- name: use :maybe
-- Uses up a reset and every other one for the same address; no row where the token is none, or past.
WITH used AS (
  DELETE FROM password_resets
   WHERE token_hash = %(token_hash)s
     AND expires_at > now()
  RETURNING id, email
),
others AS (
  DELETE FROM password_resets AS other
   USING used
   WHERE fold(other.email) = fold(used.email)
     AND other.id <> used.id
)
SELECT email
  FROM used;

-- name: expire :exec
-- Removes resets that nobody used in time.
DELETE FROM password_resets
 WHERE id IN (
         SELECT id
           FROM password_resets
          WHERE expires_at < now()
          ORDER BY expires_at
          LIMIT %(limit)s
            FOR UPDATE SKIP LOCKED
       );
