-- Configurations: which tables and fields are extracted from a type of documents, and how.

-- A row is one version for a `document_type`, which is compared with a document's category, upper and
-- lower case alike. At most one version of a type is active. `body` says what is extracted; an empty
-- one takes every table as it is. It cannot change any more once the version has been active.
CREATE TABLE configurations (
  id            uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id  uuid        NOT NULL,
  document_type text        NOT NULL,
  version       integer     NOT NULL,
  status        text        NOT NULL DEFAULT 'draft',
  title         text,
  body          jsonb       NOT NULL DEFAULT '{}',
  created_by    uuid        NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  activated_at  timestamptz,
  CONSTRAINT configurations_pkey PRIMARY KEY (id),
  CONSTRAINT configurations_workspace_and_id_are_unique UNIQUE (workspace_id, id),
  CONSTRAINT configurations_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT configurations_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT configurations_document_type_is_1_to_100_characters
    CHECK (length(document_type) BETWEEN 1 AND 100),
  CONSTRAINT configurations_title_is_1_to_200_characters CHECK (length(title) BETWEEN 1 AND 200),
  CONSTRAINT configurations_version_is_positive CHECK (version > 0),
  CONSTRAINT configurations_body_is_an_object CHECK (jsonb_typeof(body) = 'object')
);

CREATE UNIQUE INDEX configurations_version_is_unique_for_its_type
    ON configurations (workspace_id, fold(document_type), version);

CREATE UNIQUE INDEX configurations_one_of_a_type_is_active
    ON configurations (workspace_id, fold(document_type))
 WHERE status = 'active';

INSERT INTO transitions
  (entity,          from_status, to_status, event,                     action,     work, payload)
VALUES
  ('configuration', NULL,        'draft',   'configuration.created',   NULL,       NULL, '{document_type,version}'),
  ('configuration', 'draft',     'active',  'configuration.activated', 'activate', NULL, '{document_type,version}'),
  ('configuration', 'active',    'retired', 'configuration.retired',   'retire',   NULL, '{document_type,version}'),
  ('configuration', 'retired',   'active',  'configuration.activated', 'activate', NULL, '{document_type,version}');

CALL follow_transitions('configurations', 'configuration');

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:configurations:read'),
  ('member', 'workspace:configurations:read'),
  ('member', 'workspace:configurations:write'),
  ('owner',  'workspace:configurations:read'),
  ('owner',  'workspace:configurations:write');
