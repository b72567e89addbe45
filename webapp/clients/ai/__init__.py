"""AI providers: from a note or an article to a title, a summary and tags."""
