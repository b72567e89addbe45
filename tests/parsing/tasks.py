"""Tasks for a fork server that misbehave in every way that it has to survive."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from webapp.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

_prepared: list[str] = []


class Refused(Failure):
    """A failure with a code, like the readers' own."""

    code = "refused"


def prepare(arguments: dict[str, Any]) -> None:
    if "open before" in arguments:
        _prepared.append(Path(arguments["open before"]).read_text())


def main(file: int, arguments: dict[str, Any], report: Callable[..., None]) -> bytes:
    (order, value), *_ = arguments.items()
    answer = globals()[f"_{order.replace(' ', '_')}"]
    with contextlib.suppress(TypeError):  # for the orders that need neither
        return bytes(answer(value))
    return bytes(answer(value, file, report))


def _echo(text: str) -> bytes:
    return text.encode()


def _open_before(_: str) -> bytes:
    return _prepared[0].encode()


def _read(size: int, file: int, _: Callable[..., None]) -> bytes:
    return os.pread(file, size, 0)


def _large(size: int) -> bytes:
    return bytes(size)


def _steps(seconds: list[float], _: int, report: Callable[..., None]) -> bytes:
    for number, each in enumerate(seconds):
        time.sleep(each)
        report(step=number)
    return b"done"


def _loop(_: str) -> bytes:
    while True:
        pass


def _sleep(seconds: float) -> bytes:
    time.sleep(seconds)
    return b""


def _memory(_: str) -> bytes:
    return b"x" * (1 << 40)


def _refuse(text: str) -> bytes:
    raise Refused(text, permanent=True)


def _raise(text: str) -> bytes:
    raise ValueError(text)


def _signal(number: int) -> bytes:
    if number == signal.SIGABRT:
        os.abort()
    ctypes.string_at(0)
    return b""


def _exit(status: int) -> bytes:
    os._exit(status)


def _processes(_: str) -> bytes:
    return json.dumps({"child": os.getpid(), "server": os.getppid()}).encode()


def _tell(_: str, __: int, report: Callable[..., None]) -> bytes:
    report(child=os.getpid(), server=os.getppid())
    while True:
        time.sleep(1)


def _environment(_: str) -> bytes:
    return json.dumps([dict(os.environ), str(Path.cwd()), sorted(sys.modules)]).encode()


def _program(_: str, __: int, report: Callable[..., None]) -> bytes:
    started = subprocess.Popen(["sleep", "1000"])
    report(program=started.pid)
    time.sleep(1000)
    return b""


def _attempts(path: str) -> bytes:
    """The results of reaching beyond this process: an error's number, or null if it works."""
    libc = ctypes.CDLL(None, use_errno=True)

    def trace() -> None:
        if libc.ptrace(16, os.getppid(), None, None) < 0:
            raise OSError(ctypes.get_errno(), "")

    attempts: dict[str, Callable[[], object]] = {
        "read": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write": lambda: os.open(path, os.O_CREAT | os.O_WRONLY),
        "folder": lambda: os.mkdir(path),  # noqa: PTH102
        "remove": lambda: os.unlink(path),  # noqa: PTH108
        "socket": socket.socket,
        "pipe": os.pipe,
        "process": lambda: os.fork() or os._exit(0),
        "thread": lambda: threading.Thread(target=int).start(),
        "signal": lambda: os.kill(os.getppid(), 0),
        "trace": trace,
        "program": lambda: os.execv("/bin/true", ["true"]),
    }
    found: dict[str, str | None] = {}
    for name, attempt in attempts.items():
        try:
            attempt()
        except (OSError, RuntimeError) as error:
            found[name] = type(error).__name__
        else:
            found[name] = None
    return json.dumps(found).encode()
