"""What a request and its answer are made of: errors, answers, the database, request ids."""
