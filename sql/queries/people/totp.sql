-- name: enrol :exec
-- A new second factor that is not required yet; 0 if the user has a confirmed one.
INSERT INTO totp AS kept (user_id, secret)
VALUES (%(user_id)s, %(secret)s)
ON CONFLICT ON CONSTRAINT totp_pkey
DO UPDATE
      SET secret = EXCLUDED.secret,
          last_step = 0,
          enrolled_at = now()
    WHERE kept.confirmed_at IS NULL;

-- name: get :maybe
-- A user's second factor; no row if it was started but not confirmed in time.
SELECT secret,
       confirmed_at IS NOT NULL AS is_confirmed
  FROM totp
 WHERE user_id = %(user_id)s
   AND (confirmed_at IS NOT NULL OR enrolled_at > now() - interval '15 minutes');

-- name: use_step :exec
-- Uses up a code by its time step, and all earlier ones; 0 if it was used.
UPDATE totp
   SET last_step = %(step)s
 WHERE user_id = %(user_id)s
   AND last_step < %(step)s;

-- name: reseal :exec
-- Saves the same secret, encrypted with another key; 0 if it is a different secret by now.
UPDATE totp
   SET secret = %(new)s
 WHERE user_id = %(user_id)s
   AND secret = %(old)s;

-- name: forget_enrolment :exec
-- Removes a second factor that was never confirmed.
DELETE FROM totp
 WHERE user_id = %(user_id)s
   AND confirmed_at IS NULL;

-- name: confirm :exec
-- Requires the second factor from now on; 0 if it already is.
UPDATE totp
   SET confirmed_at = now(),
       last_step = %(step)s
 WHERE user_id = %(user_id)s
   AND secret = %(secret)s
   AND confirmed_at IS NULL;

-- name: remove :exec
-- Switches off the second factor, and removes its recovery codes.
DELETE FROM totp
 WHERE user_id = %(user_id)s
   AND confirmed_at IS NOT NULL;

-- name: replace_recovery_codes :exec
-- Replaces the remaining recovery codes.
WITH old AS (
  DELETE FROM recovery_codes
   WHERE user_id = %(user_id)s
)
INSERT INTO recovery_codes (user_id, code_hash)
SELECT %(user_id)s, code_hash
  FROM unnest(%(code_hashes)s::bytea[]) AS code (code_hash);

-- name: use_recovery_code :exec
-- Uses up a recovery code; 0 if it is not one.
DELETE FROM recovery_codes
 WHERE user_id = %(user_id)s
   AND code_hash = %(code_hash)s;
