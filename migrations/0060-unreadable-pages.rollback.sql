DELETE FROM transitions
 WHERE entity = 'item'
   AND to_status = 'confirmed'
   AND from_status IN ('failed', 'enriching');

DROP FUNCTION enrichment_takes_long(uuid);
DROP FUNCTION last_error_of_enrichment(uuid);
DROP FUNCTION title_of_untitled(text, text);
