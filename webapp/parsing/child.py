"""Runs a parser of hostile input in a child process with limits, so that it can only hurt itself.

A page, a PDF or an image from a stranger may make a parser loop forever, use up the memory or
follow a null pointer. In a child that costs one document; in the worker it would cost every
document the worker holds.

A parser is a module with `main(data: bytes) -> bytes`, and with `load()` if it only then imports
its libraries. It is imported only in the child, after the child has limited itself (in the child
rather than with `preexec_fn`, which may deadlock when the parent has threads). This bounds a
parser's resources; it is not a sandbox against one that has been taken over, which still runs as
the same user.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
import re
import selectors
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from webapp.failure import Failure
from webapp.parsing.confinement import limit
from webapp.parsing.confinement.prctl import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The child may be started from a source checkout, an editable install or site-packages: it finds
# this package where the parent found it. `-I` keeps PYTHON* variables, the user's site folder and
# the current folder out of it, so nothing near an uploaded file is ever imported.
ROOT = str(Path(__file__).resolve().parents[2])
_BOOTSTRAP = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from webapp.parsing.child import serve; serve(*sys.argv[2:])"
)
# Nothing of the parent's environment: it holds the database's password and every API key.
# One thread each, because these libraries otherwise start one for every core they see.
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_MEGABYTE = 1 << 20
_LOADING = 60.0  # seconds to import the parser, on however busy a machine
_CHUNK = 1 << 16
# Seconds between two calls that ask the caller whether to go on.
_ASK_EVERY = 0.25
# Enough for a zip reader, a font folder or tesseract, but far from enough to starve the machine.
_OPEN_FILES = 64

# The last byte of the child's output says how it went. Its exit status cannot: the parent
# kills the child's whole group as soon as the output ends, before the status exists.
_DONE, _OUT_OF_MEMORY, _FAILED, _NOT_LOADED = b"+", b"M", b"!", b"?"


class ChildError(Failure):
    """The parser in the child process gave no answer.

    `reason` is one of `timeout` (seconds or CPU seconds used up), `memory`, `output` (more output
    than allowed), `failed` (the parser raised), `crash` (killed by a signal, or never started) and
    `unavailable` (a parser could not be imported, which is not the input's fault). Tasks of a fork
    server also have reasons of their own.
    `permanent` is set if the input itself is to blame and would do the same again; a wall-clock
    timeout or a kill from outside may be the fault of a busy machine. `detail` is for the log, not
    for users: the end of the parser's traceback, or how the process ended.
    """

    def __init__(self, message: str, *, reason: str, permanent: bool, detail: str = "") -> None:
        super().__init__(message, permanent=permanent)
        self.reason = reason
        self.detail = detail


def run(
    module: str,
    data: bytes,
    *,
    seconds: float,
    megabytes: int,
    output_megabytes: int = 16,
    on_wait: Callable[[], None] | None = None,
) -> bytes:
    """What `module.main(data)` returns, called in a child process of its own.

    `seconds` bounds the wall clock from start to answer, starting Python included, and four fifths
    of it the CPU time; `megabytes` bounds the child's address space, of which Python itself takes
    about 20; `output_megabytes` bounds the answer. `module` is a name from our own code, never from
    input. `on_wait` is called at once and then a few times a second, in this thread; an exception
    from it ends the child. In any case, no process of the child's group is left when this returns.

    Raises `ChildError`. Thread-safe.
    """
    arguments = [module, str(seconds), str(megabytes)]
    return _run(arguments, data, seconds, output_megabytes * _MEGABYTE, on_wait)


def check(module: str, *, megabytes: int) -> None:
    """Raise `ChildError` unless a child with so much memory can import `module` and its libraries.
    The message is for the operator."""
    try:
        _run([module, str(_LOADING), str(megabytes), "check"], b"", _LOADING, _MEGABYTE)
    except ChildError as error:
        # The part of a traceback below its last location: the message, however many lines it has.
        why = re.split(r"(?m)^  .*\n", error.detail)[-1].strip()
        raise ChildError(
            f"{module} cannot be loaded in a child process: {why or error}",
            reason="unavailable",
            permanent=False,
            detail=error.detail,
        ) from None


def _run(
    arguments: Sequence[str],
    data: bytes,
    seconds: float,
    most: int,
    on_wait: Callable[[], None] | None = None,
) -> bytes:
    deadline = time.monotonic() + seconds
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _BOOTSTRAP, ROOT, str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
        )
    except OSError as error:  # no more processes, memory or descriptors: for now
        raise _crash(permanent=False, detail=str(error)) from error
    try:
        output = _exchange(process, data, deadline, most, on_wait)
    finally:
        # Before `wait`, while the unreaped child still holds its number: no other process can have
        # taken it over, so this can only hit the child and what it started.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
    return _answer(output, process.returncode)


def _exchange(
    process: subprocess.Popen[bytes],
    data: bytes,
    deadline: float,
    most: int,
    on_wait: Callable[[], None] | None,
) -> bytearray:
    """Feed the child and read it until it closes its output.

    Both at once: a child that answers before it has read everything would otherwise wait for us
    while we wait for it. `Popen.communicate` would do, but it keeps all of the child's output.
    """
    output = bytearray()
    pending = memoryview(data)
    assert process.stdin is not None
    assert process.stdout is not None
    os.set_blocking(process.stdin.fileno(), False)
    next_question = math.inf if on_wait is None else 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise timed_out(permanent=False, detail="wall clock")
            if on_wait is not None and now >= next_question:
                on_wait()
                next_question = now + _ASK_EVERY
            for key, _ in selector.select(min(deadline, next_question) - now):
                if key.fileobj is process.stdout:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        return output
                    output += chunk
                    if len(output) > most:
                        raise too_large()
                    continue
                # A child that dies early closes its end; its output, if any, is read next.
                with contextlib.suppress(BlockingIOError):
                    try:
                        pending = pending[os.write(key.fd, pending[:_CHUNK]) :]
                    except BrokenPipeError:
                        pending = pending[:0]
                if not pending:
                    selector.unregister(process.stdin)
                    with contextlib.suppress(BrokenPipeError):
                        process.stdin.close()


def _answer(output: bytearray, status: int) -> bytes:
    """The answer without its last byte, or the error given by that byte or the exit status."""
    ending = bytes(output[-1:])
    if ending == _DONE:
        return bytes(output[:-1])
    if ending == _OUT_OF_MEMORY:
        raise failed("memory")
    if ending == _FAILED:
        raise failed("failed", detail=output[:-1].decode("utf-8", "replace"))
    if ending == _NOT_LOADED:
        raise ChildError(
            "The content cannot be read for now: what reads it is not properly installed.",
            reason="unavailable",
            permanent=False,
            detail=output[:-1].decode("utf-8", "replace"),
        )
    raise died(status)


def failed(
    reason: str, message: str | None = None, *, permanent: bool = True, detail: str = ""
) -> ChildError:
    """What a child reports: `memory`, `failed`, or its own reason with its message."""
    messages = {
        "memory": "The content needs more memory to read than Coffer allows.",
        "failed": "The content could not be read: it may be damaged.",
    }
    return ChildError(
        message or messages[reason], reason=reason, permanent=permanent, detail=detail
    )


def died(status: int) -> ChildError:
    """The error for a child that ended with this status, as in `Popen.returncode`, before it gave
    an answer."""
    if status in (-signal.SIGXCPU, -signal.SIGALRM):
        return timed_out(permanent=status == -signal.SIGXCPU, detail=signal.Signals(-status).name)
    # SIGKILL is how the kernel frees memory and how an operator stops things: not the input's
    # fault. An ordinary exit without an answer means that the child never reached the parser.
    return _crash(
        permanent=status < 0 and status != -signal.SIGKILL,
        detail=signal.Signals(-status).name if status < 0 else f"exit status {status}",
    )


def timed_out(*, permanent: bool, detail: str) -> ChildError:
    """It took too long: permanent if it was CPU time."""
    return ChildError(
        "The content takes too long to read.", reason="timeout", permanent=permanent, detail=detail
    )


def too_large() -> ChildError:
    """Its answer is too long."""
    return ChildError("The content is larger than Coffer accepts.", reason="output", permanent=True)


def _crash(*, permanent: bool, detail: str) -> ChildError:
    return ChildError(
        "The content could not be read: its reader stopped unexpectedly.",
        reason="crash",
        permanent=permanent,
        detail=detail,
    )


# Below: what runs in the child.


def serve(parent: str, module: str, seconds: str, megabytes: str, only: str = "") -> NoReturn:
    """The child's side of `run`: limit this process, then answer standard input, then end. If the
    process `parent` ends before that, so does this one.

    With `only` set to "check" it loads what parses, reads nothing, and gives an empty answer.

    Only for a process started for this: its limits cannot be lifted again.
    """
    # The answer gets its own descriptor, which no grandchild inherits; what a library prints goes
    # to standard error, not into the answer.
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    die_with_parent()
    if os.getppid() != int(parent):  # it ended before we asked
        os._exit(1)
    limit(seconds=float(seconds), megabytes=int(megabytes), files=_OPEN_FILES)
    loaded = False
    try:
        parser = importlib.import_module(module)
        if hasattr(parser, "load"):
            parser.load()
        loaded = True
        answer = (b"" if only else parser.main(sys.stdin.buffer.read())) + _DONE
    except BaseException as error:  # noqa: BLE001 -- every way to fail is an answer
        answer = _no_answer(error, loaded=loaded)
    rest = memoryview(answer)
    with contextlib.suppress(BrokenPipeError):
        while rest:
            rest = rest[os.write(answer_fd, rest) :]
    # Not `sys.exit`: tearing down a parser's objects takes time and may crash.
    os._exit(0)


def _no_answer(error: BaseException, *, loaded: bool) -> bytes:
    """What the child reports instead; the parent decides what it means.

    A failed import is never the input's fault, even if a library only imports something when it
    needs it.
    """
    if loaded and isinstance(error, MemoryError):
        return _OUT_OF_MEMORY
    told = "".join(traceback.format_exception(error, limit=-5))[-4000:]
    ending = _FAILED if loaded and not isinstance(error, ImportError) else _NOT_LOADED
    return told.encode("utf-8", "replace") + ending
