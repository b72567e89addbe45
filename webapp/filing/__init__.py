"""What the web and the workers do alike: take files into the store, make documents of them, and
open users' connections to drives."""
