-- The folders of imported files, which become folders here.

-- `folders_become` is what was asked for; null leaves it to the format.
ALTER TABLE imports
  ADD COLUMN folders_become text,
  ADD CONSTRAINT imports_folders_become_something_known
    CHECK (folders_become IN ('folders', 'tags', 'both'));

-- The folders of a file, each after the one around it. The rows of the file have their numbers. `folder_id` is the
-- folder that it has become, which may be gone again since; it is made before the first row is added.
CREATE TABLE import_folders (
  import_id     uuid    NOT NULL,
  number        integer NOT NULL,
  parent_number integer,
  name          text    NOT NULL,
  folder_id     uuid,
  CONSTRAINT import_folders_pkey PRIMARY KEY (import_id, number),
  CONSTRAINT import_folders_import_exists FOREIGN KEY (import_id)
    REFERENCES imports (id) ON DELETE CASCADE,
  CONSTRAINT import_folders_come_after_those_around_them CHECK (parent_number < number)
);

CREATE INDEX import_folders_to_make ON import_folders (import_id, number) WHERE folder_id IS NULL;

-- Makes the next folders of an import that are not there yet, level by level; how many it has looked at. Changes to
-- a workspace's tree are serialized, as by its trigger, so that two imports never deadlock.
CREATE FUNCTION make_import_folders(of_import uuid, of_workspace uuid, by_user uuid, most integer)
RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
  upto integer;
  total integer := 0;
  step integer;
BEGIN
  SELECT max(next.number)
    INTO upto
    FROM (
           SELECT number
             FROM import_folders
            WHERE import_id = of_import
              AND folder_id IS NULL
            ORDER BY number
            LIMIT most
         ) AS next;
  IF upto IS NULL THEN
    RETURN 0;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('folders of ' || of_workspace, 0));
  LOOP
    INSERT INTO folders (workspace_id, created_by, parent_id, name)
    SELECT of_workspace,
           by_user,
           around.folder_id,
           wanted.name
      FROM import_folders AS wanted
      LEFT JOIN import_folders AS around
        ON around.import_id = wanted.import_id
       AND around.number = wanted.parent_number
     WHERE wanted.import_id = of_import
       AND wanted.folder_id IS NULL
       AND wanted.number <= upto
       AND (wanted.parent_number IS NULL OR around.folder_id IS NOT NULL)
     ORDER BY wanted.number
    ON CONFLICT (workspace_id, parent_id, fold(name))
    DO NOTHING;
    UPDATE import_folders AS wanted
       SET folder_id = found.id
      FROM (
             SELECT given.number,
                    folder.id
               FROM import_folders AS given
               LEFT JOIN import_folders AS around
                 ON around.import_id = given.import_id
                AND around.number = given.parent_number
               JOIN folders AS folder
                 ON folder.workspace_id = of_workspace
                AND fold(folder.name) = fold(given.name)
                AND folder.parent_id IS NOT DISTINCT FROM around.folder_id
              WHERE given.import_id = of_import
                AND given.folder_id IS NULL
                AND given.number <= upto
                AND (given.parent_number IS NULL OR around.folder_id IS NOT NULL)
           ) AS found
     WHERE wanted.import_id = of_import
       AND wanted.number = found.number;
    GET DIAGNOSTICS step = ROW_COUNT;
    total := total + step;
    EXIT WHEN step = 0;
  END LOOP;
  RETURN total;
END
$$;
