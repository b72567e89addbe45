DELETE FROM role_permissions WHERE permission = 'workspace:search:read';

DROP TRIGGER items_enter_search ON items;
DROP TRIGGER items_refresh_search ON items;
DROP TRIGGER items_move_in_search ON items;
DROP TRIGGER items_leave_search ON items;
DROP TRIGGER item_tags_are_given_in_search ON item_tags;
DROP TRIGGER item_tags_are_taken_in_search ON item_tags;
DROP TRIGGER tasks_enter_search ON tasks;
DROP TRIGGER tasks_refresh_search ON tasks;
DROP TRIGGER tasks_move_in_search ON tasks;
DROP TRIGGER tasks_leave_search ON tasks;
DROP TRIGGER task_tags_are_given_in_search ON task_tags;
DROP TRIGGER task_tags_are_taken_in_search ON task_tags;

DROP FUNCTION tag_in_search();
DROP FUNCTION leave_search();
DROP FUNCTION move_in_search();
DROP FUNCTION refresh_search();
DROP FUNCTION enter_search();
DROP FUNCTION search_enter(uuid);
DROP FUNCTION search_forget(uuid, uuid, text[]);
DROP FUNCTION search_learn(uuid, uuid, text[]);
DROP FUNCTION search_words_in(tsvector);
DROP FUNCTION search_volume(uuid, uuid, uuid);
DROP FUNCTION search_vector(searchable, search_volumes);
DROP FUNCTION search_place(search_volumes, text);
DROP FUNCTION search_tags(uuid[]);
DROP VIEW searchable;

DROP TABLE search_words;
DROP TABLE search_entries;
DROP TABLE search_volumes;
