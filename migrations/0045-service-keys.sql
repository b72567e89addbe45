-- Service keys: API keys of a workspace, which belong to no person.
--
-- A service is a user that nobody can sign in as, and a member of one workspace, so that whatever demands
-- a user has one. Its key is its only way in, and the key of no one else.

-- The workspace of a service; null for a person. No foreign key: what a service made refers to it for
-- longer than its key is valid.
ALTER TABLE users
  ADD COLUMN service_of uuid;

CREATE INDEX users_by_workspace_they_serve ON users (service_of) WHERE service_of IS NOT NULL;

INSERT INTO role_permissions (role, permission)
VALUES ('owner', 'workspace:service_keys:manage');

-- The first owner of a workspace who is enabled.
CREATE FUNCTION first_owner(of_workspace uuid)
RETURNS uuid
LANGUAGE sql
STABLE
AS $$
  SELECT member.user_id
    FROM members AS member
    JOIN users AS owner
      ON owner.id = member.user_id
     AND owner.disabled_at IS NULL
   WHERE member.workspace_id = of_workspace
     AND member.role = 'owner'
   ORDER BY member.created_at, member.user_id
   LIMIT 1
$$;

-- Who is charged for what a user stores in a workspace: for a service, the first owner; a person
-- themselves.
CREATE FUNCTION payer_of(of_user uuid, of_workspace uuid)
RETURNS uuid
LANGUAGE sql
STABLE
AS $$
  SELECT CASE
           WHEN users.service_of IS NULL THEN users.id
           ELSE first_owner(of_workspace)
         END
    FROM users
   WHERE users.id = of_user
$$;

-- The services of a deleted workspace keep nothing but their row.
CREATE FUNCTION forget_services()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  UPDATE users
     SET name = NULL,
         disabled_at = coalesce(disabled_at, now())
   WHERE service_of = OLD.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER workspaces_take_their_services_along
  AFTER DELETE ON workspaces
  FOR EACH ROW
  EXECUTE FUNCTION forget_services();
