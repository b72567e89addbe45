-- name: hold_user :one
-- Locks a user until the transaction ends, so that their changes are made one after the other.
SELECT email
  FROM users
 WHERE id = %(user_id)s
   FOR NO KEY UPDATE;

-- name: withdraw :exec
-- Withdraws a user's change that is not confirmed.
DELETE FROM email_changes
 WHERE user_id = %(user_id)s
   AND confirmed_at IS NULL;

-- name: create :value
-- A change that the new address has to confirm, and the mail to it, which the worker replaces by another
-- one if the address already has an account. Returns the id of the mail.
WITH change AS (
  INSERT INTO email_changes (id, user_id, old_email, new_email, token_hash, undo_hash, expires_at)
  VALUES (
    %(id)s,
    %(user_id)s,
    %(old_email)s,
    %(new_email)s,
    %(token_hash)s,
    %(undo_hash)s,
    now() + %(lifetime)s
  )
  RETURNING id, new_email
)
INSERT INTO mails (template, recipient, about)
SELECT 'email_change', new_email, id
  FROM change
RETURNING id;

-- name: confirm :maybe
-- Uses up the token of a user's change, and gives them the new address; no row if it is unknown, used or
-- expired, or their address has been changed otherwise. The database refuses an address that somebody has.
WITH change AS (
  UPDATE email_changes
     SET confirmed_at = now(),
         expires_at = now() + %(undo_time)s
   WHERE token_hash = %(token_hash)s
     AND user_id = %(user_id)s
     AND confirmed_at IS NULL
     AND expires_at > now()
  RETURNING id, user_id, old_email, new_email
)
UPDATE users
   SET email = change.new_email,
       email_verified_at = now()
  FROM change
 WHERE users.id = change.user_id
   AND users.email IS NOT DISTINCT FROM change.old_email
RETURNING change.id,
          change.old_email,
          change.new_email;

-- name: find_undo :maybe
-- The change that a token of the old address takes back; no row if it is unknown or expired.
SELECT id,
       user_id,
       old_email,
       created_at,
       confirmed_at IS NOT NULL AS is_confirmed
  FROM email_changes
 WHERE undo_hash = %(undo_hash)s
   AND expires_at > now();

-- name: undo :maybe
-- Uses up a change that is taken back, and every later one of the user, so that none of these brings an
-- intruder's address back; no row if somebody did so a moment ago.
WITH used AS (
  DELETE FROM email_changes
   WHERE user_id = %(user_id)s
     AND id >= %(id)s
  RETURNING id
)
SELECT id
  FROM used
 WHERE id = %(id)s;

-- name: give_back :exec
-- Gives a user an earlier address back. The database refuses it if somebody else has it by now.
UPDATE users
   SET email = %(email)s,
       email_verified_at = now()
 WHERE id = %(user_id)s;

-- name: keep_account :maybe
-- Enables a user again whose account was to be deleted since a change, which cancels the deletion; no row
-- if there is none, or it has begun.
UPDATE users
   SET disabled_at = NULL
  FROM deletions AS deletion
 WHERE users.id = %(user_id)s
   AND users.disabled_at IS NOT NULL
   AND deletion.user_id = users.id
   AND deletion.status = 'scheduled'
   AND deletion.created_at >= %(since)s
RETURNING users.id;

-- name: expire :exec
-- Removes changes that can neither be confirmed nor taken back any more.
WITH past AS MATERIALIZED (
  SELECT id
    FROM email_changes
   WHERE expires_at < now()
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM email_changes
 USING past
 WHERE email_changes.id = past.id;
