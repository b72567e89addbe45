"""What children of the fork server do with pictures: see `webapp.parsing.fork_server.task`."""
