DROP FUNCTION continue_deletion(uuid, integer);
DROP FUNCTION clear_user(uuid, integer, text);
DROP FUNCTION hand_over_objects(uuid, integer);
DROP FUNCTION clear_workspace(uuid, integer, text);
DROP FUNCTION clear_batch(text[], uuid, integer, text);
DROP FUNCTION tables_to_clear(text[]);
DROP FUNCTION left_by_deletions();
DROP TRIGGER users_that_are_enabled_keep_their_account ON users;
DROP FUNCTION keep_account();
DROP TRIGGER workspaces_end_what_opens_them ON workspaces;
DROP FUNCTION close_workspace();
DROP TABLE deletions;
DROP FUNCTION reopen_workspaces();

CREATE OR REPLACE FUNCTION is_permitted(of_user uuid, of_workspace uuid, wanted text)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
  SELECT EXISTS (
           SELECT
             FROM members AS member
             JOIN users
               ON users.id = member.user_id
              AND users.disabled_at IS NULL
             JOIN role_permissions
               ON role_permissions.role = member.role
              AND role_permissions.permission = wanted
            WHERE member.workspace_id = of_workspace
              AND member.user_id = of_user
         )
$$;

CREATE OR REPLACE FUNCTION keep_an_owner()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM workspaces
    WHERE id = OLD.workspace_id
      FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (
    SELECT FROM members
      JOIN users
        ON users.id = members.user_id
       AND users.disabled_at IS NULL
     WHERE members.workspace_id = OLD.workspace_id
       AND members.role = 'owner'
  ) THEN
    RAISE EXCEPTION 'a workspace needs an owner'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'members_keep_an_owner';
  END IF;
  RETURN NULL;
END
$$;

DROP INDEX workspaces_by_deletion;
ALTER TABLE workspaces DROP COLUMN deletion_id;
DROP INDEX objects_by_workspace;
DELETE FROM role_permissions WHERE permission = 'workspace:delete';
DELETE FROM transitions WHERE entity = 'deletion';
DELETE FROM outbox WHERE kind = 'run_deletions';
DELETE FROM dead_letters WHERE kind = 'run_deletions';
