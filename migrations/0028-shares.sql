-- Shares: documents and folders of a workspace that users outside it may read, or read and edit.
--
-- What is shared stays in its workspace, its home. The user it is shared with, the sharee, reaches it
-- from their personal workspace and from no other: so a key for another workspace does not reach it, and
-- a statement that knows from which workspace it is asked knows whom to ask about.

-- A shared folder shares everything in it and below it, as long as it is there. A share that has expired
-- is treated as if it did not exist.
CREATE TABLE shares (
  id           uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id uuid        NOT NULL,
  document_id  uuid,
  folder_id    uuid,
  user_id      uuid        NOT NULL,
  level        text        NOT NULL,
  shared_by    uuid        NOT NULL,
  shared_at    timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz,
  CONSTRAINT shares_pkey PRIMARY KEY (id),
  CONSTRAINT shares_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT shares_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT shares_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT shares_user_exists FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT shares_sharer_exists FOREIGN KEY (shared_by) REFERENCES users (id),
  CONSTRAINT shares_of_a_document_are_one_for_each_user UNIQUE (document_id, user_id),
  CONSTRAINT shares_of_a_folder_are_one_for_each_user UNIQUE (folder_id, user_id),
  CONSTRAINT shares_are_of_one_thing CHECK (num_nonnulls(document_id, folder_id) = 1),
  CONSTRAINT shares_level_is_known CHECK (level IN ('view', 'write'))
);

CREATE INDEX shares_by_user ON shares (user_id, id);
CREATE INDEX shares_by_sharer ON shares (workspace_id, shared_by);
CREATE INDEX shares_by_expiry ON shares (expires_at) WHERE expires_at IS NOT NULL;

-- Nothing is shared with somebody who has the whole workspace, such as oneself.
CREATE FUNCTION keep_shares_outside()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF EXISTS (
    SELECT FROM members
     WHERE workspace_id = NEW.workspace_id
       AND user_id = NEW.user_id
  ) THEN
    RAISE EXCEPTION 'a share would be with a member of the workspace'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'shares_are_with_somebody_outside';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER shares_are_with_somebody_outside
  BEFORE INSERT ON shares
  FOR EACH ROW
  EXECUTE FUNCTION keep_shares_outside();

-- Whom something is shared with when it is seen from a workspace: the user whose personal workspace it
-- is; null for another workspace.
CREATE FUNCTION sharee_of(from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
AS $$
BEGIN
  RETURN (SELECT personal_of FROM workspaces WHERE id = from_workspace);
END
$$;

CREATE OR REPLACE FUNCTION reach_of_folder(of_folder uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
DECLARE
  sharee CONSTANT uuid := sharee_of(from_workspace);
  best reach;
BEGIN
  IF NOT EXISTS (SELECT FROM shares WHERE user_id = sharee) THEN
    RETURN NULL;
  END IF;
  SELECT share.id,
         share.workspace_id,
         share.level,
         users.handle,
         share.expires_at,
         max(above.distance) OVER ()
    INTO best
    FROM folders_above(of_folder) AS above
    JOIN shares AS share
      ON share.folder_id = above.id
     AND share.user_id = sharee
     AND (share.expires_at IS NULL OR share.expires_at > now())
    JOIN users
      ON users.id = share.shared_by
   ORDER BY share.level = 'write' DESC,
            share.expires_at DESC NULLS FIRST,
            share.id
   LIMIT 1;
  RETURN best;
END
$$;

-- A document in the trash is its workspace's business alone.
CREATE OR REPLACE FUNCTION reach_of_document(of_document uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
DECLARE
  sharee CONSTANT uuid := sharee_of(from_workspace);
  best reach;
BEGIN
  IF NOT EXISTS (SELECT FROM shares WHERE user_id = sharee) THEN
    RETURN NULL;
  END IF;
  WITH document AS (
    SELECT id, folder_id
      FROM documents
     WHERE id = of_document
       AND status <> 'discarded'
  ),
  shared AS (
    SELECT share.*, NULL::integer AS distance
      FROM document
      JOIN shares AS share
        ON share.document_id = document.id
       AND share.user_id = sharee
     UNION ALL
    SELECT share.*, above.distance
      FROM document
     CROSS JOIN LATERAL folders_above(document.folder_id) AS above
      JOIN shares AS share
        ON share.folder_id = above.id
       AND share.user_id = sharee
  )
  SELECT shared.id,
         shared.workspace_id,
         shared.level,
         users.handle,
         shared.expires_at,
         max(shared.distance) OVER ()
    INTO best
    FROM shared
    JOIN users
      ON users.id = shared.shared_by
   WHERE shared.expires_at IS NULL
      OR shared.expires_at > now()
   ORDER BY shared.level = 'write' DESC,
            shared.expires_at DESC NULLS FIRST,
            shared.id
   LIMIT 1;
  RETURN best;
END
$$;

-- The workspace of a document that is read from a workspace: that one if it is the document's own, or
-- the document's home if it is shared; null if it is out of reach. Statements compare `workspace_id`
-- with it.
CREATE FUNCTION home_to_read_document(of_document uuid, from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
BEGIN
  IF EXISTS (SELECT FROM documents WHERE id = of_document AND workspace_id = from_workspace) THEN
    RETURN from_workspace;
  END IF;
  RETURN (reach_of_document(of_document, from_workspace)).workspace_id;
END
$$;

CREATE FUNCTION home_to_read_folder(of_folder uuid, from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS $$
BEGIN
  IF EXISTS (SELECT FROM folders WHERE id = of_folder AND workspace_id = from_workspace) THEN
    RETURN from_workspace;
  END IF;
  RETURN (reach_of_folder(of_folder, from_workspace)).workspace_id;
END
$$;

-- Refuses what the level of a share does not allow. `needed` is 'write', or 'own' for what only the
-- home's members may do.
CREATE FUNCTION require_level(reached reach, needed text)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF reached.level <> needed THEN
    RAISE EXCEPTION 'a share allows less'
      USING ERRCODE = 'check_violation',
            CONSTRAINT = 'shares_allow_what_their_level_says',
            DETAIL = jsonb_build_object('level', reached.level);
  END IF;
END
$$;

-- The same for a document that is to be changed: 'write' for editing it, 'own' for what only members of
-- its workspace may do. A shared document and its share are locked until the transaction ends, in the
-- order in which a deletion locks them: whoever ends the share waits, and once it has ended, nothing is
-- changed through it.
CREATE FUNCTION home_to_change_document(of_document uuid, from_workspace uuid, needed text)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
STRICT
AS $$
DECLARE
  reached reach;
BEGIN
  IF EXISTS (SELECT FROM documents WHERE id = of_document AND workspace_id = from_workspace) THEN
    RETURN from_workspace;
  END IF;
  reached := reach_of_document(of_document, from_workspace);
  IF reached.share_id IS NULL THEN
    RETURN NULL;
  END IF;
  PERFORM require_level(reached, needed);
  PERFORM FROM documents
    WHERE id = of_document
      FOR NO KEY UPDATE;
  PERFORM FROM shares
    WHERE id = reached.share_id
      FOR SHARE;
  -- As it is after waiting for the locks.
  reached := reach_of_document(of_document, from_workspace);
  PERFORM require_level(reached, needed);
  RETURN reached.workspace_id;
END
$$;

-- The same for a folder, which only members of its workspace may change.
CREATE FUNCTION home_to_change_folder(of_folder uuid, from_workspace uuid)
RETURNS uuid
LANGUAGE plpgsql
STABLE
STRICT
AS $$
BEGIN
  IF EXISTS (SELECT FROM folders WHERE id = of_folder AND workspace_id = from_workspace) THEN
    RETURN from_workspace;
  END IF;
  PERFORM require_level(reach_of_folder(of_folder, from_workspace), 'own');
  RETURN NULL;
END
$$;

-- The folders that are reached from a workspace by shares, once for each share that reaches them: the
-- folder above if the share reaches that too, and the names from the shared folder down.
CREATE FUNCTION folders_shared_with(from_workspace uuid)
RETURNS TABLE (
  id           uuid,
  workspace_id uuid,
  share_id     uuid,
  level        text,
  expires_at   timestamptz,
  parent_id    uuid,
  path         text[]
)
LANGUAGE plpgsql
STABLE
ROWS 100
AS $$
BEGIN
  RETURN QUERY
  WITH RECURSIVE shared AS (
    SELECT folders.id,
           folders.workspace_id,
           share.id AS share_id,
           share.level,
           share.expires_at,
           NULL::uuid AS parent_id,
           ARRAY[folders.name] AS path
      FROM shares AS share
      JOIN folders
        ON folders.id = share.folder_id
     WHERE share.user_id = sharee_of(from_workspace)
       AND (share.expires_at IS NULL OR share.expires_at > now())
     UNION ALL
    SELECT folders.id,
           folders.workspace_id,
           shared.share_id,
           shared.level,
           shared.expires_at,
           shared.id,
           shared.path || folders.name
      FROM shared
      JOIN folders
        ON folders.parent_id = shared.id
  )
  SELECT shared.id,
         shared.workspace_id,
         shared.share_id,
         shared.level,
         shared.expires_at,
         shared.parent_id,
         shared.path
    FROM shared;
END
$$;

-- All documents that are reached from a workspace by shares, each once, with the share that allows most,
-- and the folder it is in if that is shared too: what a list or a search of shared documents may show. In
-- one pass, however many there are.
CREATE FUNCTION documents_shared_with(from_workspace uuid)
RETURNS TABLE (id uuid, workspace_id uuid, share_id uuid, folder_id uuid)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
  sharee CONSTANT uuid := sharee_of(from_workspace);
BEGIN
  IF NOT EXISTS (SELECT FROM shares WHERE user_id = sharee) THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT DISTINCT ON (reached.id)
         reached.id,
         reached.workspace_id,
         reached.share_id,
         first_value(reached.folder_id) OVER in_a_folder
    FROM (
           SELECT document.id,
                  document.workspace_id,
                  share.id AS share_id,
                  share.level,
                  share.expires_at,
                  NULL::uuid AS folder_id
             FROM shares AS share
             JOIN documents AS document
               ON document.id = share.document_id
              AND document.status <> 'discarded'
            WHERE share.user_id = sharee
              AND (share.expires_at IS NULL OR share.expires_at > now())
            UNION ALL
           SELECT document.id,
                  document.workspace_id,
                  folder.share_id,
                  folder.level,
                  folder.expires_at,
                  folder.id
             FROM folders_shared_with(from_workspace) AS folder
             JOIN documents AS document
               ON document.workspace_id = folder.workspace_id
              AND document.folder_id = folder.id
              AND document.status <> 'discarded'
         ) AS reached
  WINDOW in_a_folder AS (PARTITION BY reached.id ORDER BY reached.folder_id NULLS LAST)
   ORDER BY reached.id,
            reached.level = 'write' DESC,
            reached.expires_at DESC NULLS FIRST,
            reached.share_id;
END
$$;

-- The documents of a workspace that a user has shared, by themselves or with a folder above them.
CREATE FUNCTION documents_shared_by(of_workspace uuid, sharer uuid)
RETURNS TABLE (id uuid)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN QUERY
  SELECT share.document_id
    FROM shares AS share
   WHERE share.workspace_id = of_workspace
     AND share.shared_by = sharer
     AND share.document_id IS NOT NULL
     AND (share.expires_at IS NULL OR share.expires_at > now())
   UNION
  SELECT document.id
    FROM shares AS share
   CROSS JOIN LATERAL folders_below(share.folder_id) AS below
    JOIN documents AS document
      ON document.workspace_id = share.workspace_id
     AND document.folder_id = below.id
   WHERE share.workspace_id = of_workspace
     AND share.shared_by = sharer
     AND share.folder_id IS NOT NULL
     AND (share.expires_at IS NULL OR share.expires_at > now());
END
$$;

-- The newest of some things that match, each by the query for its configuration. What is best depends on
-- the number of ids and on the words, so it is planned each time: usually the index of words is
-- intersected with that of ids. A plan for any number would read each of the ids' vectors.
CREATE FUNCTION search_among(
  ids      uuid[],
  configs  text[],
  matching text[],
  after    timestamptz,
  before   timestamptz,
  most     integer
)
RETURNS TABLE (id uuid)
LANGUAGE plpgsql
STABLE
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
  RETURN QUERY
  SELECT entry.id
    FROM unnest(configs, matching) AS asked (config, query)
    JOIN search_entries AS entry
      ON entry.config = asked.config
     AND entry.vector @@ asked.query::tsquery
   WHERE entry.id = ANY (ids)
     AND entry.created_at >= coalesce(after, '-infinity'::timestamptz)
     AND entry.created_at < coalesce(before, 'infinity'::timestamptz)
   ORDER BY entry.id DESC
   LIMIT most;
END
$$;

-- A share as its sharee is shown it with what it reaches.
CREATE FUNCTION share_shown(of_share uuid)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN (
    SELECT reach_answer(
             ROW(share.id, share.workspace_id, share.level, users.handle, share.expires_at, NULL)::reach
           )
      FROM shares AS share
      JOIN users
        ON users.id = share.shared_by
     WHERE share.id = of_share
  );
END
$$;

-- Shares as responses show them.
CREATE TYPE share_answer AS (
  id         uuid,
  handle     text,
  level      text,
  shared_by  text,
  shared_at  timestamptz,
  expires_at timestamptz
);

-- The shares of a workspace's things as responses show them.
CREATE FUNCTION share_answers(of_workspace uuid, of_document uuid, of_folder uuid)
RETURNS SETOF share_answer
LANGUAGE sql
STABLE
AS $$
  SELECT share.id,
         sharee.handle,
         share.level,
         sharer.handle,
         share.shared_at,
         share.expires_at
    FROM shares AS share
    JOIN users AS sharee
      ON sharee.id = share.user_id
    JOIN users AS sharer
      ON sharer.id = share.shared_by
   WHERE share.workspace_id = of_workspace
     AND (share.document_id = of_document OR share.folder_id = of_folder)
     AND (share.expires_at IS NULL OR share.expires_at > now())
$$;

INSERT INTO schedules (kind, cron)
VALUES ('expire_shares', '27 * * * *');
