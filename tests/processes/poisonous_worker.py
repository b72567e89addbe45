"""A worker process that is killed by some rows: those whose payload has `kills`.

    python -m tests.processes.poisonous_worker

It ends by itself when nothing is due. Each row that was done leaves its kind and its number.
"""

from __future__ import annotations

import os
import signal
import time

from webapp import settings
from webapp.telemetry import logs
from workers.engine.kind import Batch, Kind
from workers.engine.loop import Worker


def work(job, clients):
    if "kills" in job.payload:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.002)


def work_together(jobs, clients):
    return [work(job, clients) for job in jobs]


def save(conn, job, result):
    conn.execute("INSERT INTO done VALUES (%s, %s)", (job.kind, job.payload["number"]))
    return True


if __name__ == "__main__":
    loaded = settings.load()
    logs.configure(loaded)
    kinds = (
        Kind(name="single", work=work, save=save),
        Kind(name="together", work=work_together, save=save, batch=Batch(50, 0.05)),
    )
    Worker(kinds, loaded, concurrency=4).run(once=True)
