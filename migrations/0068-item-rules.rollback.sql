DELETE FROM noted_events WHERE event = 'item.rule_applied';
DROP FUNCTION tags_of_item_rules(uuid);
DROP TRIGGER items_that_are_restored_are_kept_from_rules ON items;
DROP FUNCTION keep_item_from_rules();
DROP TRIGGER folder_items_that_are_taken_are_kept_from_rules ON folder_items;
DROP FUNCTION keep_folders_from_rules();
DROP TRIGGER item_tags_that_are_taken_are_kept_from_rules ON item_tags;
DROP FUNCTION keep_tags_from_rules();
DROP TABLE item_rulings;

DELETE FROM rules
 WHERE applies_to = 'items';
UPDATE rules
   SET within = coalesce(nullif(array_remove(within, 'summary'), '{}'), '{text}')
 WHERE 'summary' = ANY (within);
ALTER TABLE rules
  DROP CONSTRAINT rules_for_items_have_nothing_of_documents,
  DROP CONSTRAINT rules_for_documents_have_nothing_of_items,
  DROP CONSTRAINT rules_action_is_known,
  DROP CONSTRAINT rules_have_a_condition,
  DROP CONSTRAINT rules_source_types_are_known,
  DROP CONSTRAINT rules_have_at_most_20_of_each_condition,
  DROP CONSTRAINT rules_apply_to_documents_items_or_both,
  DROP CONSTRAINT rules_look_within_known_places,
  DROP COLUMN action,
  DROP COLUMN with_tags,
  DROP COLUMN source_types,
  DROP COLUMN addresses,
  DROP COLUMN applies_to,
  ADD CONSTRAINT rules_have_1_to_20_phrases CHECK (cardinality(phrases) BETWEEN 1 AND 20),
  ADD CONSTRAINT rules_look_within_known_places CHECK (
    cardinality(within) > 0
    AND within <@ ARRAY['text', 'title', 'name', 'correspondent']
  );
