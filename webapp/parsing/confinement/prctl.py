"""Linux's `prctl` and raw system calls, for which Python has no functions."""

from __future__ import annotations

import ctypes
import signal
import sys

_PDEATHSIG, _NO_NEW_PRIVS = 1, 38


def _call(name: str, *arguments: object) -> int:
    """The result of libc's function; -1 if the system has no such function."""
    if sys.platform != "linux":
        return -1
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_long
    return int(function(*arguments))


def system_call(number: int, *arguments: object) -> int:
    """A system call's result, -1 if it is refused or unknown."""
    return _call("syscall", ctypes.c_long(number), *arguments)


def prctl(option: int, *arguments: object) -> int:
    """0 if the option was set."""
    return _call("prctl", ctypes.c_int(option), *arguments)


def forbid_new_privileges() -> bool:
    """Prevent programs run by this process from gaining rights; unprivileged sandboxes require
    it."""
    return prctl(_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))) == 0


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends. Lost when the user changes."""
    prctl(_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
