DROP TABLE tokens;
DELETE FROM transitions WHERE entity = 'token';
DELETE FROM outbox WHERE kind IN ('generate_images', 'upload_to_ipfs');
DELETE FROM dead_letters WHERE kind IN ('generate_images', 'upload_to_ipfs');
DELETE FROM events WHERE entity = 'token';
