DELETE FROM idempotency_keys;

ALTER TABLE idempotency_keys
  DROP COLUMN workspace_id,
  ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key);

DROP TABLE invitations;

ALTER TABLE workspaces
  ADD COLUMN owner_id uuid,
  ADD COLUMN is_personal boolean NOT NULL DEFAULT false;

UPDATE workspaces
   SET owner_id = coalesce(
         personal_of,
         (
           SELECT members.user_id
             FROM members
            WHERE members.workspace_id = workspaces.id
              AND members.role = 'owner'
            ORDER BY members.created_at, members.user_id
            LIMIT 1
         )
       ),
       is_personal = personal_of IS NOT NULL;

DROP TABLE members;
DROP FUNCTION keep_an_owner;
DROP FUNCTION keep_personal_workspaces;
DROP TABLE role_permissions;

ALTER TABLE workspaces
  DROP COLUMN personal_of,
  ALTER COLUMN owner_id SET NOT NULL,
  ADD CONSTRAINT workspaces_owner_exists FOREIGN KEY (owner_id) REFERENCES users (id);

CREATE INDEX workspaces_by_owner ON workspaces (owner_id);
CREATE UNIQUE INDEX workspaces_one_personal_for_each_owner ON workspaces (owner_id) WHERE is_personal;
