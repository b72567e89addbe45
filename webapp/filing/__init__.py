"""What the web and the workers do alike: take files into the store, make documents of them, open
users' connections to drives, and ask the AI provider that was assigned to a workspace."""
