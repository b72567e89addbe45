"""What children of the fork server do with a document: see `webapp.parsing.fork_server.task`."""
