"""A process that has imported what parses, and forks a limited child for each task.

Starting Python and importing the readers takes a quarter of a second, reading most documents a
tenth of that. `client` starts the server and asks it, `server` forks, `task` is what the child
does, `messages` what they say to each other.
"""
