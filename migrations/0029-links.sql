-- Public links: a secret address at which anybody may download a document.

-- The address is only stored as a hash. A link leads to the document's current version, as long as the
-- document is not in the trash. `downloads` counts as `links.use` describes.
CREATE TABLE links (
  id             uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id   uuid        NOT NULL,
  document_id    uuid        NOT NULL,
  token_hash     bytea       NOT NULL,
  password_hash  text,
  most_downloads integer,
  downloads      integer     NOT NULL DEFAULT 0,
  created_by     uuid        NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  expires_at     timestamptz,
  last_used_at   timestamptz,
  CONSTRAINT links_pkey PRIMARY KEY (id),
  CONSTRAINT links_token_is_unique UNIQUE (token_hash),
  CONSTRAINT links_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT links_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT links_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT links_allow_a_download CHECK (most_downloads > 0),
  CONSTRAINT links_are_not_used_more_often CHECK (downloads <= most_downloads)
);

CREATE INDEX links_by_document ON links (workspace_id, document_id, id);
CREATE INDEX links_by_expiry ON links (expires_at) WHERE expires_at IS NOT NULL;
