"""Files that people bring along, read into rows: bookmarks, and lines of JSON as export gives them.

Neither the web nor the database is known here: it runs in a child process with limits.
"""
