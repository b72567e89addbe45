DROP FUNCTION public_token_answers, token_briefs;
