-- name: start :exec
-- A log-in: creates the session, and records the address as one that the user signs in from; 0 if
-- the user was disabled, or got a new password, since it was checked. Locking the user's row makes
-- a reset wait that would end all sessions but not see this one.
WITH account AS (
  SELECT id
    FROM users
   WHERE id = %(user_id)s
     AND disabled_at IS NULL
     AND (%(password_hash)s::text IS NULL OR password_hash = %(password_hash)s)
     FOR SHARE
),
known AS (
  INSERT INTO known_addresses (user_id, network)
  SELECT id, %(network)s
    FROM account
   WHERE %(status)s = 'active'
  ON CONFLICT ON CONSTRAINT known_addresses_pkey
  DO UPDATE
        SET seen_at = now()
)
INSERT INTO sessions
  (id, user_id, workspace_id, status, token_hash, method, has_cookie, address, user_agent, expires_at)
SELECT %(id)s,
       id,
       %(workspace_id)s,
       %(status)s,
       %(token_hash)s,
       %(method)s,
       %(has_cookie)s,
       %(address)s,
       %(user_agent)s,
       now() + %(lifetime)s
  FROM account;

-- name: find_awaiting_totp :maybe
-- The log-in of a ticket, with what checks its second factor.
SELECT session.id,
       session.user_id,
       session.workspace_id,
       session.token_hash,
       totp.secret,
       users.email,
       EXISTS (
         SELECT FROM known_addresses AS known
          WHERE known.user_id = users.id
            AND known.network = %(network)s
       ) AS is_known_address
  FROM sessions AS session
  JOIN users
    ON users.id = session.user_id
   AND users.disabled_at IS NULL
  JOIN totp
    ON totp.user_id = session.user_id
 WHERE session.id = %(id)s
   AND session.status = 'awaiting_totp'
   AND session.expires_at > now();

-- name: complete :maybe
-- The second factor was right: activates the session. No row if it has ended, or is already active.
WITH session AS (
  UPDATE sessions
     SET status = 'active',
         token_hash = %(token_hash)s,
         has_cookie = %(has_cookie)s,
         refreshed_at = now(),
         expires_at = now() + %(lifetime)s
   WHERE id = %(id)s
     AND status = 'awaiting_totp'
     AND expires_at > now()
  RETURNING id, user_id
),
known AS (
  INSERT INTO known_addresses (user_id, network)
  SELECT user_id, %(network)s
    FROM session
  ON CONFLICT ON CONSTRAINT known_addresses_pkey
  DO UPDATE
        SET seen_at = now()
)
SELECT id
  FROM session;

-- name: hold :maybe
-- Keeps a session from being ended until the transaction ends; no row if it has ended.
SELECT id
  FROM sessions
 WHERE id = %(id)s
   AND status = 'active'
   AND expires_at > now()
   FOR SHARE;

-- name: refresh :maybe
-- Makes the next refresh token the current one, if this one is current; no row if it is not, or if
-- the session has ended or its user is disabled. Of several concurrent ones, the first gets the
-- row. A session lasts a year at most, however often it is refreshed.
UPDATE sessions AS session
   SET generation = session.generation + 1,
       token_hash = %(next_hash)s,
       refreshed_at = now(),
       address = %(address)s,
       user_agent = %(user_agent)s,
       expires_at = least(now() + %(lifetime)s, session.created_at + interval '1 year')
  FROM users
 WHERE session.id = %(id)s
   AND session.generation = %(generation)s
   AND session.token_hash = %(token_hash)s
   AND session.status = 'active'
   AND session.expires_at > now()
   AND users.id = session.user_id
   AND users.disabled_at IS NULL
RETURNING session.user_id, session.has_cookie;

-- name: find_for_refresh :maybe
-- Why a refresh token was not the current one.
SELECT session.user_id,
       session.generation,
       session.token_hash,
       session.has_cookie,
       session.refreshed_at > now() - %(grace)s::interval AS is_fresh,
       session.status = 'active'
         AND session.expires_at > now()
         AND users.disabled_at IS NULL AS is_live
  FROM sessions AS session
  JOIN users
    ON users.id = session.user_id
 WHERE session.id = %(id)s;

-- name: end_one :maybe
-- Ends a session; no row if it has ended, or is not the user's.
UPDATE sessions
   SET status = 'ended',
       end_reason = %(reason)s,
       ended_at = now(),
       expires_at = least(expires_at, now())
 WHERE id = %(id)s
   AND user_id = %(user_id)s
   AND status <> 'ended'
RETURNING id;

-- name: end_all :exec
-- Ends every session of a user, or all but one; returns how many.
UPDATE sessions
   SET status = 'ended',
       end_reason = %(reason)s,
       ended_at = now(),
       expires_at = least(expires_at, now())
 WHERE user_id = %(user_id)s
   AND status <> 'ended'
   AND id IS DISTINCT FROM %(but)s::uuid;

-- name: list_live :many
-- A user's active sessions, newest first.
SELECT id,
       method,
       has_cookie,
       host(address) AS address,
       user_agent,
       id IS NOT DISTINCT FROM %(current)s::uuid AS is_current,
       created_at,
       refreshed_at,
       expires_at
  FROM sessions
 WHERE user_id = %(user_id)s
   AND status <> 'ended'
   AND status = 'active'
   AND expires_at > now()
   AND id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: expire :exec
-- Removes sessions a week after they ended or expired.
WITH past AS MATERIALIZED (
  SELECT id
    FROM sessions
   WHERE expires_at < now() - interval '7 days'
   ORDER BY expires_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM sessions
 USING past
 WHERE sessions.id = past.id;

-- name: forget_addresses :exec
-- Removes addresses that have not been used to sign in for three months.
WITH past AS MATERIALIZED (
  SELECT user_id, network
    FROM known_addresses
   WHERE seen_at < now() - interval '90 days'
   ORDER BY seen_at
   LIMIT %(limit)s
     FOR UPDATE SKIP LOCKED
)
DELETE FROM known_addresses
 USING past
 WHERE known_addresses.user_id = past.user_id
   AND known_addresses.network = past.network;
