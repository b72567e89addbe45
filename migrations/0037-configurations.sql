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

CREATE INDEX configurations_by_workspace ON configurations (workspace_id, id);

-- Numbers a version after all others of its type, one at a time. And refuses to change what a version
-- says after it was active, or a job has run by it: that has to stay true of what came out.
CREATE FUNCTION keep_configurations()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.version IS NULL THEN
      PERFORM hold_configurations(NEW.workspace_id, NEW.document_type);
      SELECT coalesce(max(version), 0) + 1
        INTO NEW.version
        FROM configurations
       WHERE workspace_id = NEW.workspace_id
         AND fold(document_type) = fold(NEW.document_type);
    END IF;
  ELSIF OLD.activated_at IS NOT NULL OR EXISTS (SELECT FROM jobs WHERE configuration_id = OLD.id) THEN
    RAISE EXCEPTION 'the configuration has been used, so it stays as it is'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'configurations_stay_once_used';
  END IF;
  RETURN NEW;
END
$$;

-- Has versions of a type wait for each other, until the transaction ends.
CREATE FUNCTION hold_configurations(of_workspace uuid, type text)
RETURNS void
LANGUAGE sql
AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('configurations of ' || of_workspace || ' ' || fold(type), 0))
$$;

CREATE TRIGGER configurations_are_numbered
  BEFORE INSERT ON configurations
  FOR EACH ROW
  EXECUTE FUNCTION keep_configurations();

CREATE TRIGGER configurations_stay_once_used
  BEFORE UPDATE ON configurations
  FOR EACH ROW
  WHEN (
    (OLD.body, OLD.document_type, OLD.version) IS DISTINCT FROM (NEW.body, NEW.document_type, NEW.version)
  )
  EXECUTE FUNCTION keep_configurations();

-- A configuration as responses show it.
CREATE TYPE configuration_answer AS (
  id            uuid,
  document_type text,
  version       integer,
  status        text,
  is_active     boolean,
  title         text,
  body          jsonb,
  created_by    uuid,
  created_at    timestamptz,
  updated_at    timestamptz,
  activated_at  timestamptz
);

-- The configurations of a workspace, as responses show them.
CREATE FUNCTION configuration_answers(of_workspace uuid)
RETURNS SETOF configuration_answer
LANGUAGE sql
STABLE
AS $$
  SELECT id,
         document_type,
         version,
         status,
         status = 'active',
         title,
         body,
         created_by,
         created_at,
         updated_at,
         activated_at
    FROM configurations
   WHERE workspace_id = of_workspace
$$;

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
