-- name: read :many
-- A batch of a workspace's webhooks without their secrets, in id order.
SELECT webhook.id::text AS at,
       (
         to_jsonb(webhook)
         - ARRAY['workspace_id', 'created_by', 'secret', 'previous_secret', 'previous_until']
       )::text AS line
  FROM webhooks AS webhook
 WHERE webhook.workspace_id = %(workspace_id)s
   AND webhook.id > coalesce(%(after)s, '00000000-0000-0000-0000-000000000000')::uuid
 ORDER BY webhook.id
 LIMIT %(limit)s;
