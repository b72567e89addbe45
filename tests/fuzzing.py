"""How much input is made up for a test: a little, the same in each run; or much, new in each."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Set by the option --deep, before any test is read.
deep = False

_TIMES_AS_MANY = 10


def examples(few: int, many: int | None = None) -> settings:
    """So many examples that a program always finds the same; ten times as many, or as many as are
    given, by chance if deep.

    A failure of the second kind says which input it was, to be made a test of its own.
    """
    return settings(
        max_examples=(many or few * _TIMES_AS_MANY) if deep else few,
        derandomize=not deep,
        deadline=None,  # a busy machine is no mistake of the code's
        database=None,  # nothing is left behind that would decide what is tried next time
        suppress_health_check=list(HealthCheck),
    )
