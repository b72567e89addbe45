"""The WSGI entry point: `gunicorn -c python:webapp.gunicorn wsgi:application`."""

from __future__ import annotations

from webapp.app import create_app

application = create_app()
