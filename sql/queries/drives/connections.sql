-- name: create :exec
-- A new connection.
INSERT INTO connections (id, workspace_id, user_id, provider, name, base_url, account, credentials)
VALUES (
  %(id)s,
  %(workspace_id)s,
  %(user_id)s,
  %(provider)s,
  %(name)s,
  %(base_url)s,
  %(account)s,
  %(credentials)s
);

-- name: get :one
-- A connection of a user's.
SELECT *
  FROM connection_answers(%(workspace_id)s, %(user_id)s)
 WHERE id = %(id)s;

-- name: list_of_user :many
-- The connections of a user in a workspace, newest first.
SELECT *
  FROM connection_answers(%(workspace_id)s, %(user_id)s)
 WHERE id < coalesce(%(after)s, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: open :one
-- What is needed to open a connection of a user's.
SELECT id,
       user_id,
       provider,
       base_url,
       account,
       credentials,
       status
  FROM connections
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s;

-- name: hold :maybe
-- Locks a connection until the transaction ends, so that only one process refreshes its token; its
-- credentials.
SELECT credentials
  FROM connections
 WHERE id = %(id)s
   FOR NO KEY UPDATE;

-- name: may_connect :value
-- Whether a user who is not signed in at the moment may have connections in a workspace.
SELECT is_permitted(%(user_id)s, %(workspace_id)s, 'workspace:connections:manage');

-- name: rename :value
-- Renames a connection; the id, or no row if the user has no such connection.
UPDATE connections
   SET name = %(name)s,
       updated_at = now()
 WHERE id = %(id)s
   AND workspace_id = %(workspace_id)s
   AND user_id = %(user_id)s
RETURNING id;

-- name: mend :exec
-- Gives a connection new credentials, with which it works.
UPDATE connections
   SET credentials = %(credentials)s,
       account = coalesce(%(account)s, account),
       status = 'active',
       last_error = NULL,
       updated_at = now()
 WHERE id = %(id)s;

-- name: seal :exec
-- Saves credentials that were refreshed, or encrypted again, unless they have changed in between.
UPDATE connections
   SET credentials = %(credentials)s
 WHERE id = %(id)s
   AND credentials = %(before)s;

-- name: break_off :exec
-- Saves that the drive does not accept the credentials any more, if it was tried with these.
UPDATE connections
   SET status = 'broken',
       last_error = %(error)s,
       updated_at = now()
 WHERE id = %(id)s
   AND status = 'active'
   AND credentials = %(credentials)s;

-- name: break_of_transfer :exec
-- The same, for the connection of a transfer.
UPDATE connections
   SET status = 'broken',
       last_error = %(error)s,
       updated_at = now()
  FROM transfers
 WHERE transfers.id = %(transfer_id)s
   AND connections.id = transfers.connection_id
   AND connections.status = 'active'
   AND connections.credentials = %(credentials)s;

-- name: break_of_watch :exec
-- The same, for the connection of a watch.
UPDATE connections
   SET status = 'broken',
       last_error = %(error)s,
       updated_at = now()
  FROM watches
 WHERE watches.id = %(watch_id)s
   AND connections.id = watches.connection_id
   AND connections.status = 'active'
   AND connections.credentials = %(credentials)s;

-- name: remove :value
-- Removes a connection, with its transfers; the id, or no row if the user has no such connection. Its
-- history stays.
WITH removed AS (
  DELETE FROM connections
   WHERE id = %(id)s
     AND workspace_id = %(workspace_id)s
     AND user_id = %(user_id)s
  RETURNING id, workspace_id, user_id, status
)
INSERT INTO events (workspace_id, user_id, entity, entity_id, event, from_status, actor, request_id)
SELECT workspace_id,
       user_id,
       'connection',
       id,
       'connection.removed',
       status,
       current_setting('coffer.actor'),
       nullif(current_setting('coffer.request_id'), '')
  FROM removed
RETURNING entity_id;
