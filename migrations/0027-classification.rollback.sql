DELETE FROM role_permissions WHERE permission LIKE 'workspace:rules:%';
DROP TRIGGER documents_are_forgotten ON documents;
DROP TRIGGER document_tags_teach_when_taken ON document_tags;
DROP TRIGGER document_tags_teach_when_given ON document_tags;
DROP TRIGGER documents_teach_what_is_written ON documents;
DROP TRIGGER documents_note_written_fields ON documents;
DROP FUNCTION forget_document();
DROP FUNCTION learn_from_tags();
DROP FUNCTION learn_from_writing();
DROP FUNCTION note_written_fields();
DROP FUNCTION is_a_persons_change();
DROP FUNCTION learned_evidence(uuid, text[]);
DROP FUNCTION keep_document_words(uuid, uuid, text[]);
DROP FUNCTION learn_from(uuid[], boolean);
DROP VIEW confirmed_labels;
DROP FUNCTION telling_words(text, text);
DROP TABLE learned_documents, learned_words, learned_labels, document_words, rules;
UPDATE transitions SET work = NULL WHERE event = 'document.read';
ALTER TABLE documents
  DROP COLUMN written_fields,
  DROP COLUMN classified;
DELETE FROM outbox WHERE kind = 'classify_documents';
DELETE FROM dead_letters WHERE kind = 'classify_documents';
