-- name: create_with_handle :exec
-- A new user of the development header with their personal workspace; nothing if the handle is
-- taken, even by somebody who took it a moment ago.
WITH new_user AS (
  INSERT INTO users (handle)
  VALUES (%(handle)s)
  ON CONFLICT ON CONSTRAINT users_handle_is_unique
  DO NOTHING
  RETURNING id, handle
),
personal AS (
  INSERT INTO workspaces (personal_of, name)
  SELECT id, handle
    FROM new_user
  RETURNING id, personal_of
)
INSERT INTO members (workspace_id, user_id, role)
SELECT id, personal_of, 'owner'
  FROM personal;

-- name: create :maybe
-- A new account with its personal workspace; no row if the address already has one.
WITH new_user AS (
  INSERT INTO users
    (handle, email, email_verified_at, name, password_hash, password_changed_at, is_admin)
  VALUES (
    %(handle)s,
    %(email)s,
    CASE WHEN %(is_verified)s THEN now() END,
    %(name)s,
    %(password_hash)s::text,
    CASE WHEN %(password_hash)s::text IS NOT NULL THEN now() END,
    %(is_admin)s
  )
  ON CONFLICT (fold(email))
  DO NOTHING
  RETURNING id, handle
),
personal AS (
  INSERT INTO workspaces (personal_of, name)
  SELECT id, coalesce(%(name)s, handle)
    FROM new_user
  RETURNING id, personal_of
),
member AS (
  INSERT INTO members (workspace_id, user_id, role)
  SELECT id, personal_of, 'owner'
    FROM personal
)
SELECT personal_of AS id,
       id AS workspace_id
  FROM personal;

-- name: find_for_log_in :maybe
-- What a log-in needs to know about the account with this address.
SELECT users.id,
       users.password_hash,
       users.disabled_at IS NOT NULL AS is_disabled,
       personal.id AS workspace_id,
       coalesce(totp.confirmed_at IS NOT NULL, false) AS has_totp,
       EXISTS (
         SELECT FROM known_addresses AS known
          WHERE known.user_id = users.id
            AND known.network = %(network)s
       ) AS is_known_address
  FROM users
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
  LEFT JOIN totp
    ON totp.user_id = users.id
 WHERE fold(users.email) = fold(%(email)s);

-- name: find_by_email :maybe
-- The account with this address.
SELECT users.id,
       users.email,
       users.email_verified_at IS NOT NULL AS is_verified,
       users.disabled_at IS NOT NULL AS is_disabled,
       users.password_hash IS NOT NULL AS has_password,
       personal.id AS workspace_id
  FROM users
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
 WHERE fold(users.email) = fold(%(email)s);

-- name: get_account :one
-- What users see about themselves.
SELECT users.id,
       users.handle,
       users.email,
       users.email_verified_at IS NOT NULL AS is_email_verified,
       users.name,
       users.is_admin,
       users.is_reminded_by_mail,
       users.password_hash IS NOT NULL AS has_password,
       users.password_changed_at,
       coalesce(totp.confirmed_at IS NOT NULL, false) AS has_totp,
       (
         SELECT count(*)
           FROM recovery_codes AS code
          WHERE code.user_id = users.id
       ) AS recovery_codes_left,
       ARRAY(
         SELECT identity.provider
           FROM identities AS identity
          WHERE identity.user_id = users.id
          ORDER BY identity.provider
       ) AS sso_providers,
       personal.id AS workspace_id,
       users.created_at
  FROM users
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
  LEFT JOIN totp
    ON totp.user_id = users.id
 WHERE users.id = %(id)s;

-- name: change :exec
-- Changes what users set of themselves; the database refuses a handle that is taken.
UPDATE users
   SET handle = coalesce(%(handle)s, handle),
       name = CASE WHEN %(name)s::text IS NULL THEN name ELSE nullif(%(name)s, '') END,
       is_reminded_by_mail = coalesce(%(is_reminded_by_mail)s, is_reminded_by_mail)
 WHERE id = %(id)s;

-- name: get_password :one
-- The hash to compare a user's password with, and their address.
SELECT password_hash,
       email
  FROM users
 WHERE id = %(id)s;

-- name: hold :maybe
-- Locks an account in the state in which it was checked until the transaction ends; no row if it
-- was disabled, or got a new password, since.
SELECT id
  FROM users
 WHERE id = %(id)s
   AND disabled_at IS NULL
   AND password_hash IS NOT DISTINCT FROM %(password_hash)s::text
   FOR SHARE;

-- name: set_password :exec
-- Sets a new password; 0 if the old one has changed, or there is no such user.
UPDATE users
   SET password_hash = %(password_hash)s,
       password_changed_at = now()
 WHERE id = %(id)s
   AND password_hash IS NOT DISTINCT FROM %(old_hash)s;

-- name: reset_password :maybe
-- Sets a new password for the account with this address, which thereby counts as verified; no row
-- if there is none or it is disabled. The address that the reset comes from becomes a known one.
WITH account AS (
  UPDATE users
     SET password_hash = %(password_hash)s,
         password_changed_at = now(),
         email_verified_at = coalesce(email_verified_at, now())
   WHERE fold(email) = fold(%(email)s)
     AND disabled_at IS NULL
  RETURNING id, email
),
known AS (
  INSERT INTO known_addresses (user_id, network)
  SELECT id, %(network)s
    FROM account
  ON CONFLICT ON CONSTRAINT known_addresses_pkey
  DO UPDATE
        SET seen_at = now()
)
SELECT id, email
  FROM account;

-- name: close :exec
-- Disables a user whose account is to be deleted; 0 if they were disabled, or got a new password, since
-- they confirmed their identity.
UPDATE users
   SET disabled_at = now()
 WHERE id = %(id)s
   AND disabled_at IS NULL
   AND password_hash IS NOT DISTINCT FROM %(password_hash)s::text;

-- name: rehash_password :exec
-- Saves the same password hashed with current parameters, unless it was changed in the meantime.
UPDATE users
   SET password_hash = %(new_hash)s
 WHERE id = %(id)s
   AND password_hash = %(old_hash)s;

-- name: list_all :many
-- Every user, newest first, or those whose address, name or handle has a text in it.
SELECT users.id,
       users.handle,
       users.email,
       users.email_verified_at IS NOT NULL AS is_email_verified,
       users.name,
       users.is_admin,
       users.disabled_at,
       coalesce(totp.confirmed_at IS NOT NULL, false) AS has_totp,
       users.created_at
  FROM users
  LEFT JOIN totp
    ON totp.user_id = users.id
 WHERE users.service_of IS NULL
   AND users.id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
   AND (
         %(q)s::text IS NULL
         OR position(fold(%(q)s) IN fold(concat_ws(' ', users.email, users.name, users.handle))) > 0
       )
   AND (%(is_disabled)s::boolean IS NULL OR (users.disabled_at IS NOT NULL) = %(is_disabled)s)
   AND (%(is_admin)s::boolean IS NULL OR users.is_admin = %(is_admin)s)
 ORDER BY users.id DESC
 LIMIT %(limit)s;

-- name: get :one
-- A user as admins see them.
SELECT users.id,
       users.handle,
       users.email,
       users.email_verified_at IS NOT NULL AS is_email_verified,
       users.name,
       users.is_admin,
       users.disabled_at,
       coalesce(totp.confirmed_at IS NOT NULL, false) AS has_totp,
       users.created_at
  FROM users
  LEFT JOIN totp
    ON totp.user_id = users.id
 WHERE users.id = %(id)s;

-- name: set_disabled :exec
-- Disables or enables a user; 0 if they already are, or there is no such user. Enabling cancels a deletion
-- of the account that has not begun; after disabling, its mail no longer does.
WITH no_longer_theirs AS (
  UPDATE deletions
     SET token_hash = NULL
   WHERE user_id = %(id)s
     AND status = 'scheduled'
     AND %(is_disabled)s
)
UPDATE users
   SET disabled_at = CASE WHEN %(is_disabled)s THEN now() END
 WHERE id = %(id)s
   AND (disabled_at IS NOT NULL) <> %(is_disabled)s;

-- name: set_admin :exec
-- Makes a user an admin, or no longer one; 0 if they already are, or there is no such user.
UPDATE users
   SET is_admin = %(is_admin)s
 WHERE id = %(id)s
   AND is_admin <> %(is_admin)s;

-- name: find_for_operator :maybe
-- The user that an operator means: by address or handle, or by id.
SELECT users.id,
       users.handle,
       users.email,
       users.is_admin,
       users.disabled_at IS NOT NULL AS is_disabled,
       users.password_hash,
       personal.id AS workspace_id
  FROM users
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
 WHERE fold(users.email) = fold(%(who)s)
    OR users.handle = %(who)s
    OR users.id = %(id)s::uuid;
