-- Tags of a workspace, the items that carry them, and the tags that enrichment suggests.

-- What two names have in common where only their case differs. By Unicode's rules: lower() by itself
-- knows those of the database's locale, which in the C locale are no more than A to Z. PostgreSQL
-- has a collation of its own for that from version 17; before that ICU's serves.
DO $$
BEGIN
  EXECUTE format(
    'CREATE FUNCTION fold(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE'
      ' RETURN lower(name COLLATE %I)',
    CASE
      WHEN current_setting('server_version_num')::int >= 170000 THEN 'pg_c_utf8'
      ELSE 'und-x-icu'
    END
  );
END
$$;

-- A name is kept as it was typed and compared without regard to case.
CREATE TABLE tags (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  name         text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT tags_pkey PRIMARY KEY (id),
  CONSTRAINT tags_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT tags_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50)
);

CREATE UNIQUE INDEX tags_name_is_unique_in_its_workspace ON tags (workspace_id, fold(name));

CREATE TABLE item_tags (
  item_id    uuid        NOT NULL,
  tag_id     uuid        NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT item_tags_pkey PRIMARY KEY (item_id, tag_id),
  CONSTRAINT item_tags_item_exists FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
  CONSTRAINT item_tags_tag_exists FOREIGN KEY (tag_id) REFERENCES tags (id) ON DELETE CASCADE
);

CREATE INDEX item_tags_by_tag ON item_tags (tag_id);

CREATE TABLE suggestions (
  id         uuid        NOT NULL DEFAULT uuidv7(),
  item_id    uuid        NOT NULL,
  name       text        NOT NULL,
  confidence real        NOT NULL,
  status     text        NOT NULL DEFAULT 'pending',
  decided_at timestamptz,
  CONSTRAINT suggestions_pkey PRIMARY KEY (id),
  CONSTRAINT suggestions_item_exists FOREIGN KEY (item_id) REFERENCES items (id) ON DELETE CASCADE,
  CONSTRAINT suggestions_name_is_1_to_50_characters CHECK (length(name) BETWEEN 1 AND 50),
  CONSTRAINT suggestions_confidence_is_0_to_1 CHECK (confidence BETWEEN 0 AND 1),
  CONSTRAINT suggestions_status_is_known CHECK (status IN ('pending', 'accepted', 'rejected'))
);

CREATE UNIQUE INDEX suggestions_name_is_unique_for_its_item ON suggestions (item_id, fold(name));
