DROP TABLE items;
DELETE FROM transitions WHERE entity = 'item';
