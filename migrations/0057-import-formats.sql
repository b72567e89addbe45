-- Imports of other programs' formats, and an account of every entry of a file.

-- Which formats there are is known to what reads them.
ALTER TABLE imports DROP CONSTRAINT imports_format_is_known;

-- `charset` is what the sender said. `missed` counts the entries that a plain count of the file finds,
-- but that were neither taken nor refused.
ALTER TABLE imports
  ADD COLUMN charset text,
  ADD COLUMN missed  integer NOT NULL DEFAULT 0;

ALTER TABLE imports
  ADD CONSTRAINT imports_completed_adds_up CHECK (
    status <> 'completed' OR (missed = 0 AND done = total AND added + duplicates = total)
  );

INSERT INTO transitions
  (entity, from_status, to_status,    event,               action, work, payload)
VALUES
  ('import', 'adding',  'incomplete', 'import.incomplete', NULL,   NULL, '{added,duplicates,missed}');
