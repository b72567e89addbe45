"""How requests come in and responses go out: gunicorn's threaded worker, protected from slow
clients."""
