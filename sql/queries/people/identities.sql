-- name: find :maybe
-- The user that a provider's subject is, with what a log-in has to know of them.
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
-- Whoever this is to the provider is that user from now on; 0 where they are somebody already, by a
-- log-in of the same moment.
INSERT INTO identities (provider, subject, user_id, email)
VALUES (%(provider)s, %(subject)s, %(user_id)s, %(email)s)
ON CONFLICT ON CONSTRAINT identities_pkey
DO NOTHING;

-- name: unlink :maybe
-- A provider's user is nobody's any more; no row where they were not this user's, or where the user
-- would have no other way in.
DELETE FROM identities AS identity
 USING users
 WHERE identity.provider = %(provider)s
   AND identity.user_id = %(user_id)s
   AND users.id = identity.user_id
   AND users.password_hash IS NOT NULL
RETURNING identity.provider;
