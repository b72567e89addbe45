"""How a demonstration is stopped: by Ctrl-C, or by the terminal that closes."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listen() -> None:
    """From now on, these signals end the program by SystemExit, so that it tidies up."""
    for number in _STOPPING:
        signal.signal(number, _leave)


def ignore() -> None:
    """From now on, these signals do nothing: we are already stopping."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def undivided() -> Iterator[None]:
    """What begins here is finished before a signal counts: nothing half started is left behind."""
    came: list[int] = []
    for number in _STOPPING:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        listen()
    if came:
        _leave(came[0])


def _leave(number: int, _: object = None) -> NoReturn:
    ignore()  # a second one must not keep us from tidying up
    raise SystemExit(128 + number)
