DROP TRIGGER workspaces_take_their_services_along ON workspaces;
DROP FUNCTION forget_services();
DROP FUNCTION payer_of(uuid, uuid);
DROP FUNCTION first_owner(uuid);
DELETE FROM role_permissions WHERE permission = 'workspace:service_keys:manage';
DROP INDEX users_by_workspace_they_serve;
DELETE FROM members USING users WHERE users.id = members.user_id AND users.service_of IS NOT NULL;
ALTER TABLE users DROP COLUMN service_of;
