-- Saved searches: queries that a user keeps by a name. They are their user's alone, because what somebody
-- looks for may be private, and because everybody finds something else by the same query.

CREATE TABLE saved_searches (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  name         text        NOT NULL,
  q            text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT saved_searches_pkey PRIMARY KEY (id),
  CONSTRAINT saved_searches_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT saved_searches_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT saved_searches_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT saved_searches_q_is_1_to_200_characters CHECK (length(q) BETWEEN 1 AND 200)
);

CREATE UNIQUE INDEX saved_searches_name_is_unique_for_its_user
    ON saved_searches (workspace_id, user_id, fold(name));
CREATE INDEX saved_searches_by_user ON saved_searches (user_id);

-- Whoever may search may keep what they search for.
INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:search:write'),
  ('member', 'workspace:search:write'),
  ('owner',  'workspace:search:write');
