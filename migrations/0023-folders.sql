-- Folders, in which documents lie: a tree in each workspace.

CREATE TABLE folders (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  created_by   uuid        NOT NULL,
  parent_id    uuid,
  name         text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT folders_pkey PRIMARY KEY (id),
  CONSTRAINT folders_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT folders_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT folders_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT folders_parent_exists FOREIGN KEY (workspace_id, parent_id)
    REFERENCES folders (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT folders_name_is_1_to_200_characters CHECK (length(name) BETWEEN 1 AND 200),
  CONSTRAINT folders_name_is_not_blank CHECK (name ~ '\S')
);

CREATE UNIQUE INDEX folders_name_is_unique_in_its_folder
    ON folders (workspace_id, parent_id, fold(name)) NULLS NOT DISTINCT;
