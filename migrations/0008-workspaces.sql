-- Workspaces, to one of which everything else belongs: their members, what each role may do, and
-- invitations.

-- What a role may do. Besides the roles of a workspace there are two more: `user`, which everybody
-- has who is signed in, and `admin`. A migration adds the permissions of its own nouns here.
CREATE TABLE role_permissions (
  role       text NOT NULL,
  permission text NOT NULL,
  CONSTRAINT role_permissions_pkey PRIMARY KEY (role, permission)
);

INSERT INTO role_permissions (role, permission)
VALUES
  ('user',   'account:read'),
  ('user',   'account:manage'),
  ('user',   'workspaces:create'),
  ('admin',  'admin:users:read'),
  ('admin',  'admin:users:manage'),
  ('viewer', 'workspace:read'),
  ('member', 'workspace:read'),
  ('owner',  'workspace:read'),
  ('owner',  'workspace:members:manage'),
  ('owner',  'workspace:settings:manage');

-- `personal_of` is the user whose personal workspace it is; null for one that can be shared.
CREATE TABLE workspaces (
  id          uuid        NOT NULL DEFAULT uuidv7(),
  name        text        NOT NULL,
  personal_of uuid,
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspaces_pkey PRIMARY KEY (id),
  CONSTRAINT workspaces_one_personal_for_each_user UNIQUE (personal_of),
  CONSTRAINT workspaces_user_exists FOREIGN KEY (personal_of) REFERENCES users (id),
  CONSTRAINT workspaces_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100)
);

CREATE TABLE members (
  workspace_id uuid        NOT NULL,
  user_id      uuid        NOT NULL,
  role         text        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT members_pkey PRIMARY KEY (workspace_id, user_id),
  CONSTRAINT members_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT members_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT members_role_is_known CHECK (role IN ('owner', 'member', 'viewer'))
);

CREATE INDEX members_by_user ON members (user_id, workspace_id);

-- A workspace needs an owner who is not disabled. The first one to leave waits for anybody else who
-- is leaving, and then sees who is left.
CREATE FUNCTION keep_an_owner()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM FROM workspaces
    WHERE id = OLD.workspace_id
      FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (
    SELECT FROM members
      JOIN users
        ON users.id = members.user_id
       AND users.disabled_at IS NULL
     WHERE members.workspace_id = OLD.workspace_id
       AND members.role = 'owner'
  ) THEN
    RAISE EXCEPTION 'a workspace needs an owner'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'members_keep_an_owner';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER members_keep_an_owner_when_one_leaves
  AFTER DELETE ON members
  FOR EACH ROW
  WHEN (OLD.role = 'owner')
  EXECUTE FUNCTION keep_an_owner();

CREATE TRIGGER members_keep_an_owner_when_a_role_changes
  AFTER UPDATE OF role ON members
  FOR EACH ROW
  WHEN (OLD.role = 'owner' AND NEW.role <> 'owner')
  EXECUTE FUNCTION keep_an_owner();

-- A personal workspace has no members except its user.
CREATE FUNCTION keep_personal_workspaces()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF EXISTS (
    SELECT FROM workspaces
     WHERE id = NEW.workspace_id
       AND personal_of <> NEW.user_id
  ) THEN
    RAISE EXCEPTION 'a personal workspace cannot be shared'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'members_do_not_share_a_personal_workspace';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER members_do_not_share_a_personal_workspace
  BEFORE INSERT ON members
  FOR EACH ROW
  EXECUTE FUNCTION keep_personal_workspaces();

-- Pending invitations. An accepted one is deleted, and so is one that another invitation to the
-- same address replaces.
CREATE TABLE invitations (
  id           uuid        NOT NULL,
  workspace_id uuid        NOT NULL,
  email        text        NOT NULL,
  role         text        NOT NULL,
  token_hash   bytea       NOT NULL,
  invited_by   uuid        NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  CONSTRAINT invitations_pkey PRIMARY KEY (id),
  CONSTRAINT invitations_token_is_unique UNIQUE (token_hash),
  CONSTRAINT invitations_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
  CONSTRAINT invitations_inviter_exists FOREIGN KEY (invited_by) REFERENCES users (id),
  CONSTRAINT invitations_role_is_known CHECK (role IN ('owner', 'member', 'viewer')),
  CONSTRAINT invitations_email_is_3_to_254_of_ascii CHECK (email ~ '^[!-~]{3,254}$')
);

CREATE UNIQUE INDEX invitations_one_for_each_address ON invitations (workspace_id, fold(email));
CREATE INDEX invitations_by_expiry ON invitations (expires_at);
CREATE INDEX invitations_by_inviter ON invitations (invited_by);
