"""A process that has imported the parsers, and forks a restricted child for each task.

Starting Python and importing the readers takes a quarter of a second, reading most documents a
tenth of that. `client` starts the server and sends it requests, `server` forks, `task` is what the
child does, `messages` what they send each other.
"""
