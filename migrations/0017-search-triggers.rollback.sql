DROP PROCEDURE make_searchable;
DROP FUNCTION tag_in_search();
DROP FUNCTION leave_search();
DROP FUNCTION move_in_search();
DROP FUNCTION refresh_search();
DROP FUNCTION enter_search();
DROP FUNCTION search_enter(uuid);
