DELETE FROM links WHERE folder_id IS NOT NULL;
ALTER TABLE links
  DROP CONSTRAINT links_lead_to_one_thing,
  DROP CONSTRAINT links_to_folders_count_no_downloads,
  DROP COLUMN folder_id,
  ALTER COLUMN document_id SET NOT NULL;
