-- Public links lead to a document or to a folder, of which they show the confirmed items.

ALTER TABLE links
  ALTER COLUMN document_id DROP NOT NULL,
  ADD COLUMN folder_id uuid,
  ADD CONSTRAINT links_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE CASCADE,
  ADD CONSTRAINT links_lead_to_one_thing CHECK (num_nonnulls(document_id, folder_id) = 1),
  ADD CONSTRAINT links_to_folders_count_no_downloads CHECK (folder_id IS NULL OR most_downloads IS NULL);

CREATE INDEX links_by_folder ON links (workspace_id, folder_id, id) WHERE folder_id IS NOT NULL;
