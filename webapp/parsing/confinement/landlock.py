"""Landlock: Linux's sandbox for unprivileged processes (5.13 and newer, if it is built in).

Its system calls have the same numbers on every architecture. With no rule at all, everything that
it covers is refused: every path and, with newer kernels, TCP, signals to other processes and
abstract sockets. Processes outside can no longer be traced either.
"""

from __future__ import annotations

import ctypes
import os

from webapp.parsing.confinement.prctl import system_call

_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION = 1
# The rights of each version of the interface: bits for the file system, for TCP, and for what
# reaches other processes.
_FILE_SYSTEM = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("file_system", ctypes.c_uint64),
        ("tcp", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def restrict() -> bool:
    """Restrict this process irreversibly; False if the kernel cannot. Needs a descriptor."""
    flags = ctypes.c_uint32(_VERSION)
    version = system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), flags)
    if version < 1:
        return False
    rules = _Ruleset((1 << _FILE_SYSTEM.get(version, 16)) - 1, 0b11, 0b11)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = system_call(
        _CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        return False
    try:
        return system_call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0
    finally:
        os.close(ruleset)
