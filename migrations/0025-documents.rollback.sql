DROP FUNCTION folder_answers(uuid, uuid);
DROP TYPE folder_answer;
DELETE FROM documents;
CALL unite_views('searchable', leaving => 'searchable_documents');
DROP VIEW searchable_documents;
DROP FUNCTION document_answers(uuid, uuid);
DROP TYPE document_answer;
DROP FUNCTION version_answers(uuid, uuid);
DROP FUNCTION reach_answer(reach);
DROP FUNCTION reach_of_document(uuid, uuid);
DROP FUNCTION reach_of_folder(uuid, uuid);
DROP TYPE reach;
ALTER TABLE documents
  DROP CONSTRAINT documents_version_is_theirs,
  DROP CONSTRAINT documents_text_exists;
DROP TABLE document_tags, document_texts, document_versions, documents;
DROP FUNCTION doom_object();
DELETE FROM transitions WHERE entity = 'document';
DELETE FROM role_permissions WHERE permission LIKE 'workspace:documents:%';
DELETE FROM schedules WHERE kind IN ('expire_documents', 'purge_documents');
DELETE FROM outbox WHERE kind IN ('read_documents', 'expire_documents', 'purge_documents');
DELETE FROM dead_letters WHERE kind IN ('read_documents', 'expire_documents', 'purge_documents');
