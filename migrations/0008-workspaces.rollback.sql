DROP TABLE invitations, members, workspaces, role_permissions;
DROP FUNCTION keep_personal_workspaces();
DROP FUNCTION keep_an_owner();
