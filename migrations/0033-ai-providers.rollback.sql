DROP TABLE ai_providers;
DELETE FROM role_permissions WHERE permission IN ('admin:settings:read', 'admin:settings:manage');
