"""Restrictions for a process that parses hostile input: it must not use up the machine, or reach
beyond itself.

`limit` bounds its resources. `confine` removes access to files, network, other processes and
programs, with everything that this kernel offers to unprivileged processes; no layer depends on
another. Both are irreversible, and only for a process that was started for such work.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from pathlib import Path

_MEGABYTE = 1 << 20
_NOBODY = 65534


def limit(*, seconds: float, megabytes: int, files: int) -> None:
    """Limit this process: CPU time, address space, descriptors, and its life without a parent.

    `seconds` is the wall clock time that the parent enforces; four fifths of it is the CPU time, so
    that it is reached first if the input is to blame. If the wall clock limit is reached, the
    machine was busy, and a retry may succeed. If the parent is gone, the process ends itself a
    second later. It cannot write to any file.
    """
    # When memory runs out the kernel should end a parser, not the worker or the database.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NOFILE: files}
    # macOS, used by some developers, refuses a limit on address space; production is Linux.
    if sys.platform != "darwin":
        limits[resource.RLIMIT_AS] = megabytes * _MEGABYTE
    for kind, most in limits.items():
        _lower(kind, most, most)
    cpu = _cpu_seconds(seconds)
    _lower(resource.RLIMIT_CPU, cpu, cpu + 1)
    _set_alarm(seconds)


def limit_step(seconds: float) -> None:
    """Allow this process so much, counted as in `limit`, until this is called again; within the
    overall limit of `limit`."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    _lower(resource.RLIMIT_CPU, _cpu_seconds(seconds), most)
    _set_alarm(seconds)


def _cpu_seconds(seconds: float) -> int:
    """The current limit. Only whole seconds are possible."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + max(1, int(seconds * 0.8))


def _set_alarm(seconds: float) -> None:
    # The parent enforces the time, but it may be killed first: then this one ends the child.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def _lower(kind: int, soft: int, hard: int) -> None:
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def confine() -> None:
    """Leave this process only what it has: its memory, and its open descriptors.

    It can open no file or socket, start no process or thread, run no program, change nothing in a
    file system, and neither signal nor inspect other processes. If it runs as root, it becomes
    nobody. Import everything that is needed before.
    """
    from webapp.parsing.confinement import landlock, seccomp
    from webapp.parsing.confinement.prctl import forbid_new_privileges

    if os.geteuid() == 0:
        # No process limit applies to root, who could also raise the others again. In a container
        # without such a user it stays root, and the layers below have to suffice.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    if forbid_new_privileges():
        landlock.restrict()
        seccomp.restrict()
    _lower(resource.RLIMIT_NPROC, 0, 0)
    # Descriptors too: open ones stay open, but no new ones can be added.
    _lower(resource.RLIMIT_NOFILE, 0, 0)
