DROP TABLE folders;
DROP FUNCTION keep_folders_a_tree();
DROP FUNCTION folders_below(uuid);
DROP FUNCTION folder_path(uuid);
DROP FUNCTION folders_above(uuid);
