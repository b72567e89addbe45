"""The gunicorn configuration: `gunicorn -c python:webapp.gunicorn`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING

import psycopg

from sql.connection import connect_at_start
from webapp import settings
from webapp.serving.worker import Worker
from webapp.telemetry import logs, tracing

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter

try:
    _settings = settings.load()
except settings.SettingsError as error:
    sys.exit("\n".join(["Coffer cannot start; these settings are wrong:", *error.mistakes]))

logs.configure(_settings)


class WebWorker(Worker):
    """A web process, which knows which proxies are in front of it."""

    proxies = _settings.trusted_proxies


# gunicorn's threads, protected from slow clients. A request that waits for the database occupies a
# thread and costs next to nothing else.
worker_class = WebWorker
workers = _settings.web_processes
# A few more than may use the database: if it hangs, they refuse the rest.
threads = _settings.web_threads + 4
host = "127.0.0.1" if _settings.in_development else "0.0.0.0"  # noqa: S104  # a server's purpose
bind = f"{host}:{_settings.port}"
# Clients in excess of the threads wait here instead of getting an error.
backlog = 1024
# Per process; together with the database connections, fewer than the 1,024 files that most systems
# allow a process.
worker_connections = 900
keepalive = 30
# No header says where a request comes from or where the app is, except as far as TRUSTED_PROXIES
# covers it.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
# The event loop sends what a client does not read at once, so it has to see it.
sendfile = False
logger_class = "webapp.serving.log.Log"
graceful_timeout = 25
# A worker that answers nothing for a minute is stuck, and is replaced.
timeout = 60
# In memory, because a heartbeat file on a slow disk stops the worker.
worker_tmp_dir = "/dev/shm" if sys.platform == "linux" else None  # noqa: S108
control_socket_disable = True
loglevel = "warning"
proc_name = "coffer web"

# Where the processes write their counters, for each other to read.
_metrics: str | None = None


def on_starting(server: Arbiter) -> None:  # noqa: ARG001  # gunicorn's signature
    """Refuse to start without the database, before anything listens."""
    try:
        connect_at_start(_settings.database_url, "coffer web").close()
    except psycopg.OperationalError as error:
        sys.exit(f"Coffer cannot start; the database of DATABASE_URL does not answer: {error}")
    if _settings.serves_metrics:
        # A new one, because counts of a previous server would be added to this one's.
        global _metrics  # noqa: PLW0603  # for the hooks below
        _metrics = tempfile.mkdtemp(prefix="coffer-metrics-", dir=worker_tmp_dir)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = _metrics


def worker_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """A process ends in an orderly way: send its last spans."""
    tracing.stop()


def child_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """A process has ended, in whatever way: it no longer holds anything."""
    if _metrics is not None:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid, _metrics)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:  # noqa: ARG001
    """The server ends."""
    if _metrics is not None:
        shutil.rmtree(_metrics, ignore_errors=True)


def when_ready(server: Arbiter) -> None:  # noqa: ARG001
    """Print where it listens and, in development, what to try first."""
    address = f"http://localhost:{_settings.port}"
    print(f"Coffer listens on {address}", flush=True)  # noqa: T201
    if _settings.in_development:
        print(_FIRST_CALL.format(address=address), flush=True)  # noqa: T201


_FIRST_CALL = """
  Documentation to read and try out:  {address}/docs
  A first call:

    curl -s {address}/api/items -H 'X-Dev-User-Id: me' -H 'Content-Type: application/json' \\
      -d '{{"source_type": "note", "raw_text": "Call Ana about the garden fence. The oak posts \
have to be ordered before Friday, the gate can wait until spring."}}'

    curl -s {address}/api/items/pending -H 'X-Dev-User-Id: me'
"""
