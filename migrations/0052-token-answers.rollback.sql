DROP FUNCTION public_token_answers, token_briefs;
DROP FUNCTION collection_answers(uuid);
