-- AI providers that were assigned: to one workspace, or to everybody (no workspace). A workspace without
-- one uses everybody's; if there is none either, that of the settings, or else the embedded one.

-- `embedded` is the provider that calls nobody. `key` is encrypted, with a key of its own for each
-- workspace. `may_be_internal` marks an address that an operator gave on the server: others only name
-- public ones.
CREATE TABLE ai_providers (
  id              uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id    uuid,
  kind            text        NOT NULL,
  url             text,
  model           text,
  key             bytea,
  may_be_internal boolean     NOT NULL DEFAULT false,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ai_providers_pkey PRIMARY KEY (id),
  CONSTRAINT ai_providers_one_for_each_workspace UNIQUE NULLS NOT DISTINCT (workspace_id),
  CONSTRAINT ai_providers_workspace_exists FOREIGN KEY (workspace_id)
    REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT ai_providers_kind_is_known CHECK (kind IN ('chat_completions', 'embedded')),
  CONSTRAINT ai_providers_only_the_embedded_one_has_no_address CHECK (
    CASE kind
      WHEN 'embedded' THEN num_nonnulls(url, model, key) = 0
      ELSE num_nonnulls(url, model) = 2
    END
  )
);

INSERT INTO role_permissions (role, permission)
VALUES
  ('admin', 'admin:settings:read'),
  ('admin', 'admin:settings:manage');
