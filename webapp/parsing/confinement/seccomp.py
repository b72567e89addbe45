"""seccomp: system calls that a process gives up irreversibly, on x86-64 and 64-bit ARM.

A list of what is refused, with EPERM, rather than of what is allowed: it need not be complete,
because descriptors and processes are already limited, and a library's update cannot break against
it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from webapp.parsing.confinement.prctl import prctl

_SET_SECCOMP, _FILTER = 22, 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # their offsets in a filter's input
_X32 = 0x40000000  # system calls of the x32 ABI on x86-64

# The kernel's number of the architecture; system calls by number. On x86-64 path calls also exist
# without a directory descriptor, on ARM they do not.
_REFUSED = {
    "x86_64": (
        0xC000003E,
        {
            "programs": (59, 322),  # execve, execveat
            "processes": (56, 57, 58, 435, 272, 308),  # clone, fork, vfork, clone3, unshare, setns
            "signals": (62, 200, 129, 297, 424),  # kill, tkill, rt_(tg)sigqueueinfo, pidfd_send_…
            "other processes": (101, 310, 311),  # ptrace, process_vm_readv, process_vm_writev
            "network": (41, 53, 49, 42),  # socket, socketpair, bind, connect
            "shared memory": (29, 64, 68),  # shmget, semget, msgget
            "paths": (76, 82, 83, 84, 86, 87, 88, 90, 92, 94, 132, 133, 165, 188, 235),
            "paths in folders": (258, 259, 260, 263, 264, 265, 266, 268, 316, 452),
            "kernel": (248, 249, 250, 298, 321, 323, 425),  # keys, perf, bpf, userfaultfd, io_uring
        },
        234,  # tgkill
    ),
    "aarch64": (
        0xC00000B7,
        {
            "programs": (221, 281),
            "processes": (220, 435, 97, 268),
            "signals": (129, 130, 138, 240, 424),
            "other processes": (117, 270, 271),
            "network": (198, 199, 200, 203),
            "shared memory": (194, 190, 186),
            "paths in folders": (33, 34, 35, 36, 37, 38, 40, 45, 53, 54, 276, 452),
            "kernel": (217, 218, 219, 241, 280, 282, 425),
        },
        131,
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict() -> bool:
    """Give them up; False if the kernel or the machine does not support this."""
    if platform.machine() not in _REFUSED:
        return False
    code = _program(*_REFUSED[platform.machine()])
    program = _Program(len(code) // 8, code)
    return prctl(_SET_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(program)) == 0


def _program(architecture: int, refused: dict[str, tuple[int, ...]], tgkill: int) -> bytes:
    """The filter: instructions of code, jumps where true and where false, and a value."""
    numbers = sorted(number for group in refused.values() for number in group)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
    ]
    # A jump counts the instructions in between; the last two are "allow" and "refuse".
    last = len(numbers) + 3
    steps.append((_AT_LEAST, last + 1, 0, _X32))
    steps += [(_EQUAL, last - at, 0, number) for at, number in enumerate(numbers)]
    # `abort` signals its own thread, which must end it
    steps += [
        (_EQUAL, 0, 2, tgkill),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 0, 1, os.getpid()),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
