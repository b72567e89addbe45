"""What a process that parses hostile input may not do: use up the machine, or reach beyond itself.

`limit` bounds what it uses up. `confine` takes away files, network, other processes and programs,
by everything that this kernel offers to a process without privileges; no layer needs another one.
Both are for good, and only for a process that was started for such work.
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
    """Bound this process: CPU time, address space, descriptors, and its life without a parent.

    `seconds` is the wall clock that the parent keeps; four fifths of it is the CPU time, so that it
    strikes first when the input is to blame. When the wall clock does, the machine was busy, and
    another try may do. The process ends itself a second later, should the parent be gone. It can
    write to no file.
    """
    # When memory runs out the kernel should end a parser, not the worker or the database.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_NOFILE: files}
    # macOS, where some develop, refuses a limit on address space; production is Linux.
    if sys.platform != "darwin":
        limits[resource.RLIMIT_AS] = megabytes * _MEGABYTE
    for kind, most in limits.items():
        _lower(kind, most, most)
    cpu = _cpu_seconds(seconds)
    _lower(resource.RLIMIT_CPU, cpu, cpu + 1)
    _set_alarm(seconds)


def limit_step(seconds: float) -> None:
    """Allow this process so much, as `limit` counts it, until this is called again; within what
    `limit` allowed it in all."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    _lower(resource.RLIMIT_CPU, _cpu_seconds(seconds), most)
    _set_alarm(seconds)


def _cpu_seconds(seconds: float) -> int:
    """What the limit is to say now. Whole seconds are all there is."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int(used.ru_utime + used.ru_stime) + max(1, int(seconds * 0.8))


def _set_alarm(seconds: float) -> None:
    # The parent keeps the clock, but it may be killed first: then this one ends the child.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + 1)


def _lower(kind: int, soft: int, hard: int) -> None:
    ceiling = resource.getrlimit(kind)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def confine() -> None:
    """Leave this process with what it has: its memory, and the descriptors that are open.

    It can open no file or socket, start no process or thread, run no program, change nothing in a
    file system, and neither signal nor look into other processes. Where root runs it, it becomes
    nobody. What is to be imported has to be imported before.
    """
    from webapp.parsing.confinement import landlock, seccomp
    from webapp.parsing.confinement.prctl import forbid_new_privileges

    if os.geteuid() == 0:
        # Root is bound by no limit on processes, and could raise the others again. In a container
        # that knows no such user it stays root, and the layers below have to do.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, _NOBODY)
            os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    if forbid_new_privileges():
        landlock.restrict()
        seccomp.restrict()
    _lower(resource.RLIMIT_NPROC, 0, 0)
    # Also of descriptors: what is open stays open, and nothing joins it.
    _lower(resource.RLIMIT_NOFILE, 0, 0)
