"""The client of a fork server, which also starts it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from webapp.parsing import child
from webapp.parsing.child import ChildError
from webapp.parsing.fork_server import messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BOOTSTRAP = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from webapp.parsing.fork_server.server import serve; "
    "serve(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])"
)
_PATIENCE = 5.0  # seconds for something that takes the server milliseconds
_START = 60.0  # seconds for it to start and a child to prepare itself, on however busy a machine


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a task. `seconds` is the total wall clock time once the child has prepared
    itself, and `step_seconds`, if set, the time between two reported steps; four fifths of each is
    the CPU time. `megabytes` is the address space, of which the imported readers take some 200. The
    child is confined unless it `may_start_programs`."""

    seconds: float
    megabytes: int
    output_megabytes: int = 64
    step_seconds: float | None = None
    may_start_programs: bool = False


class ForkServer:
    """This process's fork server. It starts with the first call, restarts after it died, and ends
    with this process, however that ends. Thread-safe.

    `preloaded` names our module that it imports.
    """

    def __init__(self, preloaded: str) -> None:
        self._preloaded = preloaded
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def call(
        self,
        task: str,
        file: int,
        arguments: Mapping[str, Any],
        *,
        limits: Limits,
        on_step: Callable[[dict[str, Any]], None] | None = None,
    ) -> bytes:
        """The task's result for a file, computed in a child process of its own.

        `task` names a module of ours (see `webapp.parsing.fork_server.task`), `file` is the
        descriptor of a file that can be mapped into memory, `arguments` are JSON. `on_step` is
        called in this thread with what the task reports after each step; an exception from it ends
        the child. When this returns or raises, the child has ended or is ending.

        Raises ChildError: its `reason` is one of `child.run`, or one that the task reported, or
        `unavailable`, if no server or child is available at the moment.
        """
        asked = {"task": task, "arguments": arguments, "limits": dataclasses.asdict(limits)}
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:  # no descriptors, or a system without such sockets
            raise _unavailable(str(error)) from error
        with ours:
            with theirs:
                ours.send(json.dumps(asked).encode())
                self._send(theirs, file)
            try:
                return _receive(ours, limits, on_step)
            except BaseException:
                _cancel(ours)
                raise

    def close(self) -> None:
        """End the server and all of its children. A later call starts another one."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, channel: socket.socket, file: int) -> None:
        """Pass the server a channel and a file; start it first if it is not running."""
        with self._lock:
            for is_last in (False, True):
                try:
                    if self._process is None or self._process.poll() is not None:
                        self._start()
                    assert self._control is not None
                    socket.send_fds(self._control, [b"\0"], [channel.fileno(), file])
                except OSError as error:
                    self._stop()
                    if is_last:
                        raise _unavailable(str(error)) from error
                else:
                    return

    def _start(self) -> None:
        self._stop()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_PATIENCE)
        control = str(theirs.fileno())
        command = [sys.executable, "-I", "-B", "-c", _BOOTSTRAP]
        with theirs:
            self._process = subprocess.Popen(
                [*command, child.ROOT, control, str(os.getpid()), self._preloaded],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=child.ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def _receive(
    channel: socket.socket,
    limits: Limits,
    on_step: Callable[[dict[str, Any]], None] | None,
) -> bytes:
    step_seconds = limits.step_seconds or limits.seconds
    end = deadline = time.monotonic() + _START
    result = bytearray()
    while True:
        kind, content = _message(channel, deadline)
        if kind == messages.READY:
            end = time.monotonic() + limits.seconds
            deadline = min(end, time.monotonic() + step_seconds)
        elif kind == messages.PART:
            result += content
            if len(result) > limits.output_megabytes << 20:
                raise child.too_large()
        elif kind == messages.STEP:
            if on_step is not None:
                on_step(json.loads(content))
            deadline = min(end, time.monotonic() + step_seconds)
        elif kind == messages.DONE:
            return bytes(result)
        elif kind == messages.FAILED:
            raise child.failed(**json.loads(content))
        elif kind == messages.ENDED:
            ended = json.loads(content)
            if ended["status"] is None:
                raise _unavailable(ended["detail"])
            raise child.died(ended["status"])
        else:
            raise _unavailable("the server died")


def _message(channel: socket.socket, deadline: float) -> tuple[bytes, bytes]:
    """The next message's letter and content, both empty if there will be none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise child.timed_out(permanent=False, detail="wall clock")
    channel.settimeout(left)
    try:
        message = channel.recv(messages.LARGEST)
    except TimeoutError:
        raise child.timed_out(permanent=False, detail="wall clock") from None
    except ConnectionResetError:
        message = b""
    return message[:1], message[1:]


def _cancel(channel: socket.socket) -> None:
    """Have the server end the child, and wait until it has."""
    with contextlib.suppress(OSError, ChildError):
        channel.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _PATIENCE
        while _message(channel, deadline)[0] not in {messages.ENDED, b""}:
            pass


def _unavailable(detail: str) -> ChildError:
    return ChildError(
        "The content cannot be read at the moment.",
        reason="unavailable",
        permanent=False,
        detail=detail,
    )
