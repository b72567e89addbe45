DELETE FROM role_permissions
 WHERE permission = 'workspace:search:write';

DROP TABLE saved_searches;
