DROP VIEW known_events;
DROP TABLE noted_events;
