-- Classification of documents: rules of a workspace, and counts learned from what its people decided.

-- `written_fields` are the fields that a person wrote, which classification leaves alone.
ALTER TABLE documents
  ADD COLUMN written_fields text[] NOT NULL DEFAULT '{}';

UPDATE transitions
   SET work = 'classify_documents'
 WHERE event = 'document.read';

-- A rule matches if one or all of its phrases (`match`) are in one of the places named in `within`. What it
-- gives a document: some of category, correspondent, folder and tags. The first one by `position` that
-- gives a field wins; tags add up.
CREATE TABLE rules (
  id            uuid        NOT NULL DEFAULT uuidv7(),
  workspace_id  uuid        NOT NULL,
  created_by    uuid        NOT NULL,
  name          text        NOT NULL,
  position      integer     NOT NULL,
  is_active     boolean     NOT NULL DEFAULT true,
  phrases       text[]      NOT NULL,
  match         text        NOT NULL,
  within        text[]      NOT NULL,
  category      text,
  correspondent text,
  folder_id     uuid,
  tags          text[]      NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT rules_pkey PRIMARY KEY (id),
  CONSTRAINT rules_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT rules_creator_exists FOREIGN KEY (created_by) REFERENCES users (id),
  CONSTRAINT rules_folder_exists FOREIGN KEY (workspace_id, folder_id)
    REFERENCES folders (workspace_id, id) ON DELETE SET NULL (folder_id),
  CONSTRAINT rules_name_is_1_to_100_characters CHECK (length(name) BETWEEN 1 AND 100),
  CONSTRAINT rules_position_is_1_to_10000 CHECK (position BETWEEN 1 AND 10000),
  CONSTRAINT rules_have_1_to_20_phrases CHECK (cardinality(phrases) BETWEEN 1 AND 20),
  CONSTRAINT rules_match_any_or_all CHECK (match IN ('any', 'all')),
  CONSTRAINT rules_look_within_known_places CHECK (
    cardinality(within) > 0
    AND within <@ ARRAY['text', 'title', 'name', 'correspondent']
  ),
  CONSTRAINT rules_category_is_1_to_100_characters CHECK (length(category) BETWEEN 1 AND 100),
  CONSTRAINT rules_correspondent_is_1_to_200_characters CHECK (length(correspondent) BETWEEN 1 AND 200),
  CONSTRAINT rules_have_at_most_20_tags CHECK (cardinality(tags) <= 20)
);

CREATE INDEX rules_in_order ON rules (workspace_id, position, id);
CREATE INDEX rules_by_folder ON rules (folder_id) WHERE folder_id IS NOT NULL;

-- The words by which a document is known: at most 128 different stems, in the order of the text.
CREATE TABLE document_words (
  document_id  uuid   NOT NULL,
  workspace_id uuid   NOT NULL,
  words        text[] NOT NULL,
  CONSTRAINT document_words_pkey PRIMARY KEY (document_id),
  CONSTRAINT document_words_document_exists FOREIGN KEY (workspace_id, document_id)
    REFERENCES documents (workspace_id, id) ON DELETE CASCADE
);

-- What was learned: for each value of a field, how many documents a person gave it, how many words they
-- have together, and how many different ones. The label of a folder or a tag is its id. The empty label
-- counts every document whose field a person decided, including by rejecting a suggestion.
CREATE TABLE learned_labels (
  id           bigint  NOT NULL GENERATED ALWAYS AS IDENTITY,
  workspace_id uuid    NOT NULL,
  field        text    NOT NULL,
  label        text    NOT NULL,
  documents    integer NOT NULL DEFAULT 0,
  words        bigint  NOT NULL DEFAULT 0,
  vocabulary   integer NOT NULL DEFAULT 0,
  CONSTRAINT learned_labels_pkey PRIMARY KEY (id),
  CONSTRAINT learned_labels_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
  CONSTRAINT learned_labels_counts_are_not_negative
    CHECK (documents >= 0 AND words >= 0 AND vocabulary >= 0)
);

CREATE UNIQUE INDEX learned_labels_are_unique ON learned_labels (workspace_id, field, fold(label));

-- In how many documents with a label a word is. A word that is in none has no row.
CREATE TABLE learned_words (
  workspace_id uuid    NOT NULL,
  word         text    COLLATE "C" NOT NULL,
  label_id     bigint  NOT NULL,
  documents    integer NOT NULL,
  CONSTRAINT learned_words_pkey PRIMARY KEY (workspace_id, word, label_id),
  CONSTRAINT learned_words_are_in_documents CHECK (documents > 0)
);

-- Which labels a document has been counted for.
CREATE TABLE learned_documents (
  document_id uuid   NOT NULL,
  label_id    bigint NOT NULL,
  CONSTRAINT learned_documents_pkey PRIMARY KEY (document_id, label_id),
  CONSTRAINT learned_documents_document_exists FOREIGN KEY (document_id)
    REFERENCES documents (id) ON DELETE CASCADE
);

-- The words by which a text is known. Numbers say what is different in each document.
CREATE FUNCTION telling_words(language text, given text)
RETURNS text[]
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN ARRAY(
  SELECT word.lexeme
    FROM unnest(
           to_tsvector(search_config(language)::regconfig, search_text(left(given, 20000)))
         ) AS word
   WHERE length(word.lexeme) BETWEEN 2 AND 40
     AND word.lexeme !~ '[0-9]'
   ORDER BY word.positions[1]
   LIMIT 128
);

-- What people decided about documents. A value that classification applied is not among them until a
-- person writes it or accepts it.
CREATE VIEW confirmed_labels
WITH (security_invoker = true)
AS
SELECT document.id AS document_id,
       decided.field,
       decided.label
  FROM documents AS document
 CROSS JOIN LATERAL (
         VALUES ('category', document.category),
                ('correspondent', document.correspondent),
                ('folder_id', document.folder_id::text)
       ) AS written (field, value)
 CROSS JOIN LATERAL (VALUES (written.field, written.value), (written.field, '')) AS decided (field, label)
 WHERE written.field = ANY (document.written_fields)
   AND decided.label IS NOT NULL
 UNION
SELECT document_tags.document_id,
       'tag',
       decided.label
  FROM document_tags
  JOIN tags AS tag
    ON tag.id = document_tags.tag_id
 CROSS JOIN LATERAL (VALUES (tag.id::text), ('')) AS decided (label)
 WHERE NOT EXISTS (
         SELECT
           FROM suggestions AS suggestion
          WHERE suggestion.document_id = document_tags.document_id
            AND suggestion.field = 'tag'
            AND fold(suggestion.value) = fold(tag.name)
            AND suggestion.status = 'applied'
       )
 UNION
SELECT suggestion.document_id,
       suggestion.field,
       ''
  FROM suggestions AS suggestion
 WHERE suggestion.document_id IS NOT NULL
   AND suggestion.status = 'rejected'
   AND suggestion.field IN ('category', 'correspondent', 'folder_id', 'tag');

-- Counts what people decided about some documents, and no longer what they decided before; with `forget`,
-- no longer anything. Learning in one workspace is serialized: two corrections would wait for each other's
-- counts in any order. Nothing is locked after it except counts.
CREATE FUNCTION learn_from(of_documents uuid[], forget boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('learning of ' || learning.workspace_id, 0))
     FROM (
            SELECT DISTINCT workspace_id
              FROM document_words
             WHERE document_id = ANY (of_documents)
             ORDER BY workspace_id
          ) AS learning;

  INSERT INTO learned_labels (workspace_id, field, label)
  SELECT DISTINCT ON (known.workspace_id, confirmed.field, fold(confirmed.label))
         known.workspace_id,
         confirmed.field,
         confirmed.label
    FROM confirmed_labels AS confirmed
    JOIN document_words AS known
      ON known.document_id = confirmed.document_id
   WHERE confirmed.document_id = ANY (of_documents)
     AND NOT forget
   ORDER BY known.workspace_id, confirmed.field, fold(confirmed.label)
  ON CONFLICT (workspace_id, field, fold(label))
  DO NOTHING;

  WITH wanted AS (
    SELECT confirmed.document_id,
           label.id AS label_id
      FROM confirmed_labels AS confirmed
      JOIN document_words AS known
        ON known.document_id = confirmed.document_id
      JOIN learned_labels AS label
        ON label.workspace_id = known.workspace_id
       AND label.field = confirmed.field
       AND fold(label.label) = fold(confirmed.label)
     WHERE confirmed.document_id = ANY (of_documents)
       AND NOT forget
  ),
  counted AS (
    SELECT document_id, label_id
      FROM learned_documents
     WHERE document_id = ANY (of_documents)
  ),
  change AS MATERIALIZED (
    SELECT document_id, label_id, 1 AS sign
      FROM (TABLE wanted EXCEPT TABLE counted) AS new
     UNION ALL
    SELECT document_id, label_id, -1
      FROM (TABLE counted EXCEPT TABLE wanted) AS old
  ),
  difference AS MATERIALIZED (
    SELECT words.workspace_id,
           words.word,
           words.label_id,
           words.documents,
           coalesce(standing.documents, 0) AS before
      FROM (
             SELECT known.workspace_id,
                    word.word COLLATE "C" AS word,
                    change.label_id,
                    sum(change.sign)::integer AS documents
               FROM change
               JOIN document_words AS known
                 ON known.document_id = change.document_id
              CROSS JOIN LATERAL unnest(known.words) AS word (word)
              GROUP BY known.workspace_id, word.word, change.label_id
             HAVING sum(change.sign) <> 0
           ) AS words
      LEFT JOIN learned_words AS standing
        ON standing.workspace_id = words.workspace_id
       AND standing.word = words.word
       AND standing.label_id = words.label_id
  ),
  noted AS (
    INSERT INTO learned_documents (document_id, label_id)
    SELECT document_id, label_id
      FROM change
     WHERE sign > 0
  ),
  unnoted AS (
    DELETE FROM learned_documents AS noted
     USING change
     WHERE noted.document_id = change.document_id
       AND noted.label_id = change.label_id
       AND change.sign < 0
  ),
  totals AS (
    UPDATE learned_labels AS label
       SET documents = label.documents + more.documents,
           words = label.words + more.words,
           vocabulary = label.vocabulary + coalesce(
             (
               SELECT sum((before = 0)::integer - (before + difference.documents = 0)::integer)
                 FROM difference
                WHERE difference.label_id = label.id
             ),
             0
           )
      FROM (
             SELECT change.label_id,
                    sum(change.sign) AS documents,
                    sum(change.sign * cardinality(known.words)) AS words
               FROM change
               JOIN document_words AS known
                 ON known.document_id = change.document_id
              GROUP BY change.label_id
           ) AS more
     WHERE label.id = more.label_id
  ),
  gone AS (
    DELETE FROM learned_words AS standing
     USING difference
     WHERE standing.workspace_id = difference.workspace_id
       AND standing.word = difference.word
       AND standing.label_id = difference.label_id
       AND difference.before + difference.documents = 0
  ),
  fewer AS (
    UPDATE learned_words AS standing
       SET documents = standing.documents + difference.documents
      FROM difference
     WHERE standing.workspace_id = difference.workspace_id
       AND standing.word = difference.word
       AND standing.label_id = difference.label_id
       AND difference.before > 0
       AND difference.before + difference.documents > 0
  )
  INSERT INTO learned_words (workspace_id, word, label_id, documents)
  SELECT workspace_id, word, label_id, documents
    FROM difference
   WHERE before = 0;
END
$$;

-- Keeps the words of a document that was read or read again: what was learned from it is counted with
-- these words from now on.
CREATE FUNCTION keep_document_words(of_document uuid, of_workspace uuid, given text[])
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF given IS NOT DISTINCT FROM (SELECT words FROM document_words WHERE document_id = of_document) THEN
    RETURN;
  END IF;
  PERFORM learn_from(ARRAY[of_document], forget => true);
  INSERT INTO document_words (document_id, workspace_id, words)
  VALUES (of_document, of_workspace, given)
  ON CONFLICT (document_id)
  DO UPDATE
        SET words = EXCLUDED.words;
  PERFORM learn_from(ARRAY[of_document]);
END
$$;

-- How much more likely each of these words is, on average, in documents with a label than in all others
-- whose field was decided: complement naive Bayes, in nats a word. For a word that is in `own` documents
-- with the label, and in `every` document, that is
--
--   ln((own + 1) / (label.words + vocabulary)) - ln((every - own + 1) / (other words + vocabulary))
--
-- Most words are in no document with most labels, and need no row: their share is the same for all labels
-- of a field. Labels that have none of the words are left out, and so are those that all documents have,
-- since there is nothing to compare them with.
CREATE FUNCTION learned_evidence(of_workspace uuid, given text[])
RETURNS TABLE (field text, label text, documents integer, words integer, evidence double precision)
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
  RETURN QUERY
  WITH counted AS (
    SELECT learned.id,
           learned.field,
           learned.label,
           learned.documents,
           learned.words,
           learned.vocabulary,
           word.documents::double precision AS own,
           max(word.documents) FILTER (WHERE learned.label = '')
             OVER (PARTITION BY learned.field, word.word)::double precision AS every
      FROM learned_words AS word
      JOIN learned_labels AS learned
        ON learned.id = word.label_id
     WHERE word.workspace_id = of_workspace
       AND word.word = ANY (given)
  ),
  fields AS (
    SELECT counted.field,
           counted.documents,
           counted.words,
           counted.vocabulary,
           count(*) AS known,
           sum(ln(counted.own + 1)) AS logarithms
      FROM counted
     WHERE counted.label = ''
     GROUP BY counted.field, counted.documents, counted.words, counted.vocabulary
  )
  SELECT counted.field,
         counted.label,
         counted.documents,
         fields.known::integer,
         ln(
           (fields.words - counted.words + fields.vocabulary)::double precision
           / (counted.words + fields.vocabulary)
         )
         + (
             sum(
               ln(counted.own + 1) - ln(counted.every - counted.own + 1) + ln(counted.every + 1)
             )
             - fields.logarithms
           ) / fields.known
    FROM counted
    JOIN fields
      ON fields.field = counted.field
   WHERE counted.label <> ''
     AND counted.documents < fields.documents
   GROUP BY counted.id,
            counted.field,
            counted.label,
            counted.documents,
            counted.words,
            fields.known,
            fields.words,
            fields.vocabulary,
            fields.logarithms;
END
$$;

-- Whether the open transaction is a person's, and not a worker's.
CREATE FUNCTION is_a_persons_change()
RETURNS boolean
LANGUAGE sql
STABLE
RETURN NOT starts_with(coalesce(current_setting('coffer.actor', true), ''), 'worker:');

-- Notes which fields a person wrote. Reading a document again, other than by restoring it, also
-- classifies it again.
CREATE FUNCTION note_written_fields()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF NEW.status = 'processing' AND OLD.status <> 'discarded' THEN
    NEW.classified := NULL;
  END IF;
  IF is_a_persons_change() THEN
    NEW.written_fields := ARRAY(
      SELECT field
        FROM unnest(
               NEW.written_fields || ARRAY[
                 CASE WHEN NEW.title IS DISTINCT FROM OLD.title THEN 'title' END,
                 CASE WHEN NEW.summary IS DISTINCT FROM OLD.summary THEN 'summary' END,
                 CASE WHEN NEW.category IS DISTINCT FROM OLD.category THEN 'category' END,
                 CASE WHEN NEW.correspondent IS DISTINCT FROM OLD.correspondent THEN 'correspondent' END,
                 CASE WHEN NEW.dated_on IS DISTINCT FROM OLD.dated_on THEN 'dated_on' END,
                 CASE WHEN NEW.folder_id IS DISTINCT FROM OLD.folder_id THEN 'folder_id' END
               ]
             ) AS field
       WHERE field IS NOT NULL
       GROUP BY field
       ORDER BY field
    );
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER documents_note_written_fields
  BEFORE INSERT OR UPDATE ON documents
  FOR EACH ROW
  EXECUTE FUNCTION note_written_fields();

-- What a person writes decides the suggestions for the field, and is learned.
CREATE FUNCTION learn_from_writing()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    UPDATE suggestions AS suggestion
       SET status = CASE
             WHEN fold(suggestion.value) = fold(written.value) THEN 'accepted'
             ELSE 'rejected'
           END,
           decided_at = now()
      FROM (
             VALUES ('title', NEW.title),
                    ('category', NEW.category),
                    ('correspondent', NEW.correspondent),
                    ('dated_on', to_char(NEW.dated_on, 'YYYY-MM-DD')),
                    ('folder_id', NEW.folder_id::text)
           ) AS written (field, value)
     WHERE suggestion.document_id = NEW.id
       AND suggestion.field = written.field
       AND suggestion.status IN ('pending', 'applied')
       AND written.field = ANY (NEW.written_fields);
    PERFORM learn_from(ARRAY[NEW.id]);
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER documents_teach_what_is_written
  AFTER UPDATE ON documents
  FOR EACH ROW
  WHEN (
    (OLD.written_fields, OLD.title, OLD.category, OLD.correspondent, OLD.dated_on, OLD.folder_id)
    IS DISTINCT FROM
    (NEW.written_fields, NEW.title, NEW.category, NEW.correspondent, NEW.dated_on, NEW.folder_id)
  )
  EXECUTE FUNCTION learn_from_writing();

-- The same of tags. Those of a document that is being removed teach nothing.
CREATE FUNCTION learn_from_tags()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF is_a_persons_change() THEN
    UPDATE suggestions AS suggestion
       SET status = CASE TG_OP WHEN 'INSERT' THEN 'accepted' ELSE 'rejected' END,
           decided_at = now()
      FROM changed
      JOIN tags AS tag
        ON tag.id = changed.tag_id
     WHERE suggestion.document_id = changed.document_id
       AND suggestion.field = 'tag'
       AND fold(suggestion.value) = fold(tag.name)
       AND (suggestion.status IN ('pending', 'applied') OR TG_OP = 'DELETE');
    PERFORM learn_from(
              ARRAY(SELECT id FROM documents WHERE id IN (SELECT document_id FROM changed))
            );
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER document_tags_teach_when_given
  AFTER INSERT ON document_tags
  REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION learn_from_tags();

CREATE TRIGGER document_tags_teach_when_taken
  AFTER DELETE ON document_tags
  REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT
  EXECUTE FUNCTION learn_from_tags();

-- What was learned from a document in the trash still counts; what was learned from one that is
-- permanently removed does not, because its words may be nobody's business.
CREATE FUNCTION forget_document()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  PERFORM learn_from(ARRAY[OLD.id], forget => true);
  RETURN OLD;
END
$$;

CREATE TRIGGER documents_are_forgotten
  BEFORE DELETE ON documents
  FOR EACH ROW
  EXECUTE FUNCTION forget_document();

INSERT INTO role_permissions (role, permission)
VALUES
  ('viewer', 'workspace:rules:read'),
  ('member', 'workspace:rules:read'),
  ('member', 'workspace:rules:write'),
  ('owner',  'workspace:rules:read'),
  ('owner',  'workspace:rules:write');
