"""What runs in the forked child: one task on one file, within limits.

A task is a module with `main(file, arguments, report) -> bytes`. `file` is a descriptor of a file
that others may read at the same time, so its position means nothing: see `os.pread`. `report` says
that a step is done. The task may also have `prepare(arguments)`, which runs before this process is
confined and may import and open things; it does not look at the file.

It fails by raising: a Failure with a `code` is what the caller will be told, anything else means
that the input could not be parsed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

from webapp.failure import Failure
from webapp.parsing.confinement import confine, limit, limit_step
from webapp.parsing.fork_server import messages

if TYPE_CHECKING:
    import socket

# Until it is confined: enough to import what a task needs.
_OPEN_FILES = 256


def run(channel: socket.socket, file: int, server: int) -> NoReturn:
    """Handle the client's request on `channel`, and end this process, whatever happens.

    `server` is the process that forked this one.
    """
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            _run(channel, file, server)
    finally:
        # Not `sys.exit`: tearing down a parser's objects takes time and may crash.
        os._exit(0)


def _run(channel: socket.socket, file: int, server: int) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _close_others({channel.fileno(), file})
    asked = json.loads(channel.recv(messages.LARGEST))
    limits = asked["limits"]
    limit(seconds=limits["seconds"], megabytes=limits["megabytes"], files=_OPEN_FILES)
    step_seconds = limits["step_seconds"]

    def report(**step: Any) -> None:
        channel.send(messages.STEP + json.dumps(step).encode())
        if step_seconds is not None:
            limit_step(step_seconds)

    try:
        task = importlib.import_module(asked["task"])
        if prepare := getattr(task, "prepare", None):
            prepare(asked["arguments"])
        if not limits["may_start_programs"]:
            confine()
        _die_with(server)
        channel.send(messages.READY)
        limit_step(step_seconds or limits["seconds"])
        result = memoryview(task.main(file, asked["arguments"], report))
    except BaseException as error:  # noqa: BLE001 -- every way to fail is an answer
        channel.send(messages.FAILED + json.dumps(_failure(error)).encode())
        return
    most = messages.LARGEST - 1
    for at in range(0, len(result), most):
        channel.send(messages.PART + result[at : at + most])
    channel.send(messages.DONE)


def _close_others(kept: set[int]) -> None:
    """Close the server's descriptors, except the standard ones."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 -- numbers, not paths
        if int(name) > 2 and int(name) not in kept:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _die_with(server: int) -> None:
    """End together with the server, which may have ended already."""
    from webapp.parsing.confinement.prctl import die_with_parent

    die_with_parent()
    if os.getppid() != server:
        os._exit(1)


def _failure(error: BaseException) -> dict[str, Any]:
    """What the client is told; for unexpected errors only where they arose, not their text."""
    if isinstance(error, Failure):
        return {
            "reason": getattr(error, "code", "failed"),
            "message": str(error),
            "permanent": error.permanent,
        }
    if isinstance(error, MemoryError):
        return {"reason": "memory"}
    steps = traceback.extract_tb(error.__traceback__)[-4:]
    where = " > ".join(f"{step.filename.rpartition('/')[2]}:{step.lineno}" for step in steps)
    return {"reason": "failed", "detail": f"{type(error).__name__} at {where}"}
