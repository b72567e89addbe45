DELETE FROM transitions WHERE entity = 'import' AND to_status = 'incomplete';
UPDATE imports SET status = 'completed' WHERE status = 'incomplete';
ALTER TABLE imports
  DROP CONSTRAINT imports_completed_adds_up,
  DROP COLUMN missed,
  DROP COLUMN charset;
UPDATE imports SET format = 'json_lines' WHERE format NOT IN ('bookmarks', 'json_lines');
ALTER TABLE imports
  ADD CONSTRAINT imports_format_is_known CHECK (format IN ('bookmarks', 'json_lines'));
