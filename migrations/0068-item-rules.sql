-- Rules for items: the same rules as those that classify documents, with conditions that only items have, and
-- what became of items by them.

-- A rule applies to documents, to items, or to both. Each condition that it has must be met: its phrases, one
-- of its `addresses`, one of its `source_types`, all of `with_tags`. All but the first are about items only,
-- as is `action`; a category and a correspondent are of documents only.
ALTER TABLE rules
  ADD COLUMN applies_to text NOT NULL DEFAULT 'documents',
  ADD COLUMN addresses text[] NOT NULL DEFAULT '{}',
  ADD COLUMN source_types text[] NOT NULL DEFAULT '{}',
  ADD COLUMN with_tags text[] NOT NULL DEFAULT '{}',
  ADD COLUMN action text,
  DROP CONSTRAINT rules_have_1_to_20_phrases,
  DROP CONSTRAINT rules_look_within_known_places,
  ADD CONSTRAINT rules_look_within_known_places CHECK (
    cardinality(within) > 0
    AND within <@ ARRAY['text', 'title', 'summary', 'name', 'correspondent']
  ),
  ADD CONSTRAINT rules_apply_to_documents_items_or_both CHECK (applies_to IN ('documents', 'items', 'both')),
  ADD CONSTRAINT rules_have_at_most_20_of_each_condition CHECK (
    cardinality(phrases) <= 20
    AND cardinality(addresses) <= 20
    AND cardinality(with_tags) <= 20
  ),
  ADD CONSTRAINT rules_source_types_are_known CHECK (source_types <@ ARRAY['note', 'article']),
  ADD CONSTRAINT rules_have_a_condition CHECK (
    cardinality(phrases || addresses || source_types || with_tags) > 0
  ),
  ADD CONSTRAINT rules_action_is_known CHECK (action IN ('confirm', 'discard')),
  ADD CONSTRAINT rules_for_documents_have_nothing_of_items CHECK (
    applies_to = 'items'
    OR (cardinality(addresses || source_types || with_tags) = 0 AND action IS NULL)
  ),
  ADD CONSTRAINT rules_for_items_have_nothing_of_documents CHECK (
    applies_to <> 'items'
    OR (category IS NULL AND correspondent IS NULL)
  );

-- What rules do not decide about an item any more: what a rule gave it once, and what a person took from it or
-- decided. The `value` of a tag is its folded name, that of an action is empty: rules decide once.
CREATE TABLE item_rulings (
  workspace_id uuid NOT NULL,
  item_id      uuid NOT NULL,
  field        text NOT NULL,
  value        text NOT NULL,
  CONSTRAINT item_rulings_pkey PRIMARY KEY (workspace_id, item_id, field, value),
  CONSTRAINT item_rulings_item_exists FOREIGN KEY (workspace_id, item_id)
    REFERENCES items (workspace_id, id) ON DELETE CASCADE,
  CONSTRAINT item_rulings_field_is_known CHECK (field IN ('tag', 'folder_id', 'action'))
);

-- A tag that a person takes from an item is not given to it again. Those of an item or a tag that is being
-- removed are nothing to remember.
CREATE FUNCTION keep_tags_from_rules()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    INSERT INTO item_rulings (workspace_id, item_id, field, value)
    SELECT item.workspace_id,
           item.id,
           'tag',
           fold(tag.name)
      FROM taken
      JOIN items AS item
        ON item.id = taken.item_id
      JOIN tags AS tag
        ON tag.id = taken.tag_id
    ON CONFLICT ON CONSTRAINT item_rulings_pkey
    DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER item_tags_that_are_taken_are_kept_from_rules
  AFTER DELETE ON item_tags
  REFERENCING OLD TABLE AS taken
  FOR EACH STATEMENT
  EXECUTE FUNCTION keep_tags_from_rules();

-- The same of folders.
CREATE FUNCTION keep_folders_from_rules()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    INSERT INTO item_rulings (workspace_id, item_id, field, value)
    SELECT item.workspace_id,
           item.id,
           'folder_id',
           folder.id::text
      FROM taken
      JOIN items AS item
        ON item.id = taken.item_id
      JOIN folders AS folder
        ON folder.id = taken.folder_id
    ON CONFLICT ON CONSTRAINT item_rulings_pkey
    DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER folder_items_that_are_taken_are_kept_from_rules
  AFTER DELETE ON folder_items
  REFERENCING OLD TABLE AS taken
  FOR EACH STATEMENT
  EXECUTE FUNCTION keep_folders_from_rules();

-- An item that a person takes out of the trash is not decided by rules again.
CREATE FUNCTION keep_item_from_rules()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    INSERT INTO item_rulings (workspace_id, item_id, field, value)
    VALUES (NEW.workspace_id, NEW.id, 'action', '')
    ON CONFLICT ON CONSTRAINT item_rulings_pkey
    DO NOTHING;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER items_that_are_restored_are_kept_from_rules
  AFTER UPDATE OF status ON items
  FOR EACH ROW
  WHEN (OLD.status = 'discarded' AND NEW.status <> 'discarded')
  EXECUTE FUNCTION keep_item_from_rules();

-- The names of the tags that a workspace's active rules may give to items, whether these tags exist or not:
-- whoever makes them first makes all of them at once, so that two never wait for each other's.
CREATE FUNCTION tags_of_item_rules(of_workspace uuid)
RETURNS text[]
LANGUAGE sql
STABLE
RETURN ARRAY(
  SELECT DISTINCT given.name
    FROM rules AS rule
   CROSS JOIN LATERAL unnest(rule.tags) AS given (name)
   WHERE rule.workspace_id = of_workspace
     AND rule.is_active
     AND rule.applies_to <> 'documents'
);

INSERT INTO noted_events (event, entity)
VALUES ('item.rule_applied', 'item');
