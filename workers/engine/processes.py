"""Work that computes: done in a child process, so that it neither delays the other rows of its
worker nor kills the worker when it dies."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from typing import TYPE_CHECKING, Any

from webapp.failure import Failure

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from webapp.settings import Settings
    from workers.engine.kind import Kind

# A fork would copy the locks of threads that do not exist there to release them.
_context = multiprocessing.get_context("spawn")


# Seconds that a process may take to start and to open its clients.
_START = 60.0


class WorkProcess:
    """A process that does the work of a kind, row by row. It starts with the first one, and
    restarts after it died."""

    def __init__(self, kind: Kind, settings: Settings, lease: float) -> None:
        self._arguments = (kind.work, kind.open_clients, settings)
        self._lease = lease
        self._process: multiprocessing.process.BaseProcess | None = None
        self._is_ready = False

    def work(self, subject: Any) -> Any:
        """The result of the work. Raises what it raised, or Failure if its process died or took
        longer than the lease and was stopped."""
        if self._process is None:
            self._pipe, theirs = _context.Pipe()
            self._process = _context.Process(
                target=_serve, args=(theirs, *self._arguments), daemon=True
            )
            self._process.start()
            theirs.close()
        try:
            if not self._is_ready:  # so that its start is not counted as work
                self._is_ready = self._pipe.poll(_START) and self._pipe.recv()
                if not self._is_ready:
                    raise EOFError  # noqa: TRY301  # it hangs, which is as good as dead
            self._pipe.send(subject)
            has_answered = self._pipe.poll(self._lease)
            result, error = self._pipe.recv() if has_answered else (None, None)
        except (EOFError, OSError):
            self._process.join(1)
            code = self._process.exitcode
            self.close()
            raise Failure(f"The process that did the work died (exit code {code}).") from None
        if not has_answered:
            self.close()
            raise Failure("The work took longer than its lease and was stopped.")
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None
            self._is_ready = False


def _serve(pipe: Pipe, work: Any, open_clients: Any, settings: Settings) -> None:
    """The child's loop until its parent is gone."""
    # A terminal's Ctrl-C and a process manager's SIGTERM reach the whole group; the parent decides.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    clients = open_clients(settings)
    pipe.send(True)
    while True:
        try:
            subject = pipe.recv()
        except EOFError:
            return
        result, failure = None, None
        try:
            result = work(subject, clients)
        except Exception as error:  # noqa: BLE001  # the parent decides
            failure = error
        try:
            pipe.send((result, failure))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            said = failure or error
            pipe.send((None, RuntimeError(f"{type(said).__name__}: {said}")))
