DELETE FROM schedules WHERE kind = 'expire_shares';
DELETE FROM outbox WHERE kind = 'expire_shares';
DELETE FROM dead_letters WHERE kind = 'expire_shares';
DROP FUNCTION share_answers(uuid, uuid, uuid);
DROP TYPE share_answer;
DROP FUNCTION search_among(uuid[], text[], text[], timestamptz, timestamptz, integer);
DROP FUNCTION share_shown(uuid);
DROP FUNCTION documents_shared_by(uuid, uuid);
DROP FUNCTION documents_shared_with(uuid);
DROP FUNCTION folders_shared_with(uuid);
DROP FUNCTION home_to_change_folder(uuid, uuid);
DROP FUNCTION home_to_change_document(uuid, uuid, text);
DROP FUNCTION require_level(reach, text);
DROP FUNCTION home_to_read_folder(uuid, uuid);
DROP FUNCTION home_to_read_document(uuid, uuid);

CREATE OR REPLACE FUNCTION reach_of_document(of_document uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS 'BEGIN RETURN NULL; END';

CREATE OR REPLACE FUNCTION reach_of_folder(of_folder uuid, from_workspace uuid)
RETURNS reach
LANGUAGE plpgsql
STABLE
STRICT
PARALLEL SAFE
AS 'BEGIN RETURN NULL; END';

DROP FUNCTION sharee_of(uuid);
DROP TABLE shares;
DROP FUNCTION keep_shares_outside();
