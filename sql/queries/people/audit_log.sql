-- name: record :exec
-- Records a change to somebody's access.
INSERT INTO audit_log
  (action, actor, user_id, workspace_id, address, user_agent, request_id, details)
VALUES (
  %(action)s,
  %(actor)s,
  %(user_id)s,
  %(workspace_id)s,
  %(address)s,
  %(user_agent)s,
  %(request_id)s,
  %(details)s
);

-- name: list_all :many
-- The log, newest first, optionally filtered.
SELECT id,
       action,
       actor,
       user_id,
       workspace_id,
       host(address) AS address,
       user_agent,
       request_id,
       details,
       occurred_at
  FROM audit_log
 WHERE id < coalesce(%(after)s, 9223372036854775807)
   AND (%(actor)s::text IS NULL OR actor = %(actor)s)
   AND (%(workspace_id)s::uuid IS NULL OR workspace_id = %(workspace_id)s)
   AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: list_of_user :many
-- The entries about one user, newest first, optionally filtered.
SELECT id,
       action,
       actor,
       user_id,
       workspace_id,
       host(address) AS address,
       user_agent,
       request_id,
       details,
       occurred_at
  FROM audit_log
 WHERE user_id = %(user_id)s
   AND id < coalesce(%(after)s, 9223372036854775807)
   AND (%(action)s::text IS NULL OR action = %(action)s)
   AND (%(actor)s::text IS NULL OR actor = %(actor)s)
   AND (%(workspace_id)s::uuid IS NULL OR workspace_id = %(workspace_id)s)
   AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: list_of_action :many
-- One kind of entry, newest first, optionally filtered.
SELECT id,
       action,
       actor,
       user_id,
       workspace_id,
       host(address) AS address,
       user_agent,
       request_id,
       details,
       occurred_at
  FROM audit_log
 WHERE action = %(action)s
   AND id < coalesce(%(after)s, 9223372036854775807)
   AND (%(actor)s::text IS NULL OR actor = %(actor)s)
   AND (%(workspace_id)s::uuid IS NULL OR workspace_id = %(workspace_id)s)
   AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
   AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
 ORDER BY id DESC
 LIMIT %(limit)s;

-- name: prune :value
-- Removes a batch of the oldest entries before a time; returns how many. The last ninety days are
-- kept.
SELECT prune_audit_log(now() - %(kept)s::interval, %(limit)s::integer);
