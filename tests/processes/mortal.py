"""Does one thing in a child that is killed before a chosen step.

    python -m tests.processes.mortal THING

A step is a round trip to the database, a change to a file, or a request or an answer over HTTP. For
each number that it reads, one a line, it forks a child that does the thing and is killed by SIGKILL
before that step. It answers `killed`, or `done` if the child took fewer steps.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import itertools
import os
import signal
import sys
from types import SimpleNamespace

import psycopg

from tests.workers.tokens.studio import kind_at
from webapp import settings
from webapp.app import create_app
from webapp.clients.chain.accounts import accounts
from webapp.clients.http import client
from webapp.clients.http.client import HttpClient
from webapp.reading.language import load_model
from webapp.telemetry import logs
from workers.check_feeds import check_feeds
from workers.classify_documents import classify_documents
from workers.confirm_reveals import confirm_reveals
from workers.delete_objects import delete_objects
from workers.engine.loop import Worker
from workers.export_tables import export_tables
from workers.plan_reveals import plan_reveals
from workers.purge_documents import purge_documents
from workers.read_archives import read_archives
from workers.read_documents import read_documents
from workers.run_deletions import run_deletions
from workers.run_jobs import run_jobs
from workers.send_reveals import send_reveals
from workers.sign_reveals import sign_reveals
from workers.write_archives import write_archives

FILE_STEPS = ("fsync", "replace", "rename", "unlink", "mkdir", "link")


def upload(loaded, number):
    browser = create_app(loaded).test_client()
    form = {"file": (io.BytesIO(f"Letter {number}.".encode()), f"{number}.txt")}
    answer = browser.post("/api/documents", data=form, headers={"X-Dev-User-Id": "ana"})
    assert answer.status_code == 201, answer.json


def work_on(*kinds):
    return lambda loaded, number: Worker(kinds, loaded, concurrency=1).run(once=True)


def picture(loaded, number):
    """By a service at REPLICATE_AT, whose pictures are taken as they are."""
    service = SimpleNamespace(base=os.environ["REPLICATE_AT"])
    taken = SimpleNamespace(checked=lambda data: data, close=lambda: None)
    work_on(kind_at(service, taken))(loaded, number)


THINGS = {
    "upload": upload,
    "read": work_on(read_documents, classify_documents),
    "extract": work_on(dataclasses.replace(run_jobs, check=None)),
    "purge": work_on(purge_documents, delete_objects),
    "delete": work_on(run_deletions, delete_objects),
    "export": work_on(export_tables),
    "feed": work_on(dataclasses.replace(check_feeds, check=None)),
    "archive": work_on(write_archives),
    "restore": work_on(read_archives),
    "picture": picture,
    "reveal": work_on(plan_reveals, sign_reveals, send_reveals, confirm_reveals),
}


def die_before(number):
    steps = itertools.count(1)

    def counted(call):
        @functools.wraps(call)
        def step(*arguments, **named):
            if next(steps) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return step

    psycopg.Connection.wait = counted(psycopg.Connection.wait)
    HttpClient.call = counted(HttpClient.call)
    client.read = counted(client.read)
    for name in FILE_STEPS:
        setattr(os, name, counted(getattr(os, name)))


def main():
    loaded = settings.load()
    logs.configure(loaded)
    do = THINGS[sys.argv[1]]
    # Once, instead of in every child.
    load_model()
    if sys.argv[1] == "reveal":
        accounts()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            die_before(int(line))
            do(loaded, int(line))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        was_killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert was_killed or status == 0, status
        sys.stdout.write("killed\n" if was_killed else "done\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
