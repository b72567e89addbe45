DROP TABLE spend, ipfs_upload_records, image_generation_jobs, ipfs_files;
DELETE FROM transitions WHERE entity IN ('image_generation_job', 'ipfs_upload_record');
DELETE FROM noted_events WHERE event = 'token.prompt_refused';
DELETE FROM events WHERE event = 'token.prompt_refused';
