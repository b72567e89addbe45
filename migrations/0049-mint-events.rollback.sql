DROP TABLE mint_events;
DELETE FROM transitions WHERE entity = 'mint_event';
DELETE FROM events WHERE entity = 'mint_event';
