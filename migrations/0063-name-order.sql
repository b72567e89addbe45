-- The order of names and titles, the same on every server.

-- What names are sorted by, compared byte by byte: letters without their accents and regardless of case,
-- so that Ärger is before banana; signs before digits, digits before letters; then the name in lower case,
-- so that names of the same letters have an order too. It is no collation of the server's, because not every
-- PostgreSQL is built with ICU, those of ICU and of the system change with its version, and a cursor must
-- mean the same after an upgrade.
CREATE FUNCTION sort_key(name text)
RETURNS text
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
RETURN regexp_replace(
         regexp_replace(
           translate(
             replace(replace(replace(replace(normalize(fold(name), NFKD), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
             'øđðłħıŧ',
             'oddlhit'
           ),
           '[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u20d0-\u20ff\u2060-\u2064\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]',
           '',
           'g'
         ),
         '[ !-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u2bff\u3001-\u303f\U0001f000-\U0001faff]+',
         ' ',
         'g'
       ) || E'\x01' || fold(name);

-- Responses name tags in this order, too.
DO $$
DECLARE
  definition text;
BEGIN
  FOR definition IN
    SELECT pg_get_functiondef(oid)
      FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace
       AND proname LIKE '%\_answers'
       AND prosrc LIKE '%ORDER BY fold(tag.name)%'
  LOOP
    EXECUTE replace(definition, 'ORDER BY fold(tag.name)', 'ORDER BY sort_key(tag.name) COLLATE "C"');
  END LOOP;
END
$$;
