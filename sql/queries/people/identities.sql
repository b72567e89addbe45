-- name: find :maybe
-- The user of a provider's subject, with what a log-in needs to know about them.
SELECT users.id,
       users.disabled_at IS NOT NULL AS is_disabled,
       personal.id AS workspace_id,
       coalesce(totp.confirmed_at IS NOT NULL, false) AS has_totp
  FROM identities AS identity
  JOIN users
    ON users.id = identity.user_id
  JOIN workspaces AS personal
    ON personal.personal_of = users.id
  LEFT JOIN totp
    ON totp.user_id = users.id
 WHERE identity.provider = %(provider)s
   AND identity.subject = %(subject)s;

-- name: link :exec
-- Links a provider's subject to this user; 0 if it already is linked, by a concurrent log-in.
INSERT INTO identities (provider, subject, user_id, email)
VALUES (%(provider)s, %(subject)s, %(user_id)s, %(email)s)
ON CONFLICT ON CONSTRAINT identities_pkey
DO NOTHING;

-- name: unlink :maybe
-- Unlinks a provider's subject; no row if it was not this user's, or if the user would have no
-- other way to log in.
DELETE FROM identities AS identity
 USING users
 WHERE identity.provider = %(provider)s
   AND identity.user_id = %(user_id)s
   AND users.id = identity.user_id
   AND users.password_hash IS NOT NULL
RETURNING identity.provider;
