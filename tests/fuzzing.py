"""How much input is generated for a test: a little, the same in every run, or a lot, always new."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Set by the option --deep, before any test is imported.
deep = False

_TIMES_AS_MANY = 10


def examples(few: int, many: int | None = None) -> settings:
    """A few examples, the same in every run; if deep, `many` or ten times as many, and random.

    If a random one fails, the failure shows the input, which should become a test of its own.
    """
    return settings(
        max_examples=(many or few * _TIMES_AS_MANY) if deep else few,
        derandomize=not deep,
        deadline=None,  # a busy machine is not a bug
        database=None,  # nothing is stored that would influence the next run
        suppress_health_check=list(HealthCheck),
    )
