DROP TABLE latest_time;
DROP TABLE schedules;
