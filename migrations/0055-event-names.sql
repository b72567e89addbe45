-- Names of events: what programs that follow changes may ask for, so that a misspelt name is refused.

-- Events that are no transitions. A noun adds its own in its migration.
CREATE TABLE noted_events (
  event  text NOT NULL,
  entity text NOT NULL,
  CONSTRAINT noted_events_pkey PRIMARY KEY (event),
  CONSTRAINT noted_events_name_their_entity CHECK (starts_with(event, entity || '.'))
);

COMMENT ON TABLE noted_events IS 'Stays small: it only grows with migrations.';

INSERT INTO noted_events (event, entity)
VALUES
  ('collection.answered_in_part',         'collection'),
  ('collection.keeper_low',               'collection'),
  ('collection.keeper_refilled',          'collection'),
  ('collection.keeper_used_elsewhere',    'collection'),
  ('collection.reorged',                  'collection'),
  ('collection.webhooks_stopped',         'collection'),
  ('configuration.removed',               'configuration'),
  ('connection.removed',                  'connection'),
  ('document.classified',                 'document'),
  ('document.edited',                     'document'),
  ('document.expired',                    'document'),
  ('document.moved',                      'document'),
  ('document.purged',                     'document'),
  ('document.version_added',              'document'),
  ('document.version_removed',            'document'),
  ('document.version_restored',           'document'),
  ('item.edited',                         'item'),
  ('item.purged',                         'item'),
  ('job.corrected',                       'job'),
  ('job.outputs.persisted',               'job'),
  ('job.reviewed',                        'job'),
  ('task.deleted',                        'task'),
  ('watch.removed',                       'watch'),
  ('webhook.removed',                     'webhook'),
  ('webhook.tested',                      'webhook');

-- All events, and who is told of them. Where a status means work, an attempt at it may fail.
CREATE VIEW known_events
WITH (security_invoker = true)
AS
SELECT event,
       audience
  FROM transitions
 WHERE is_recorded
 UNION
SELECT entity || '.attempt_failed',
       audience
  FROM transitions
 WHERE work IS NOT NULL
 UNION
SELECT noted.event,
       move.audience
  FROM noted_events AS noted
  JOIN transitions AS move
    ON move.entity = noted.entity;
