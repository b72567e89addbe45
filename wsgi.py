"""The WSGI entry point: `gunicorn -c python:webapp.gunicorn wsgi:application`."""

from webapp.app import create_app

application = create_app()
