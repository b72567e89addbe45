"""Patterns that users write: regular expressions, which may take longer than anybody waits.

A pattern such as `(a+)+b` takes twice as long for each letter more, and one over all of Unicode
seconds to compile. So they are compiled and searched for only in limited children, and there with a
limit of their own, by which they are told from documents that take long.
"""

from __future__ import annotations

import re
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from webapp.parsing.documents.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Of CPU time: for all patterns of a configuration on one document, and to compile them all.
SECONDS: Final = 10.0
SECONDS_TO_COMPILE: Final = 2.0


class _TooSlow(BaseException):
    """Not an Exception: what compiles and searches might catch those."""


class Stopwatch:
    """The CPU time that patterns may still take together."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @contextmanager
    def running(self, called: str) -> Iterator[None]:
        """Counts what happens in it. Raises DocumentError `pattern_too_slow` when the time is used
        up; `called` says in its message what the pattern is for."""
        # Python's regular expressions look for signals while they search.
        before = signal.signal(signal.SIGVTALRM, _give_up)
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, max(self._left, 1e-3))
            yield
        except _TooSlow:
            raise DocumentError(
                "pattern_too_slow", f"The pattern of {called} takes too long on this document."
            ) from None
        finally:
            self._left, _ = signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)


def _give_up(*_: object) -> None:
    raise _TooSlow


def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, in which ^ and $ are the ends of lines. Raises ValueError, with what is wrong, if
    it is none."""
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise ValueError(f"Not a valid pattern: {error.msg}.") from None
    except (OverflowError, RecursionError):
        raise ValueError("Not a valid pattern: it is too complex.") from None


def mistakes_of(patterns: Sequence[str]) -> list[str | None]:
    """What is wrong with each pattern, if anything."""
    stopwatch = Stopwatch(SECONDS_TO_COMPILE)
    found: list[str | None] = []
    for pattern in patterns:
        try:
            with stopwatch.running("this"):
                compiled(pattern)
        except ValueError as error:
            found.append(str(error))
        except DocumentError:
            found.append("Not a valid pattern: it takes too long to prepare.")
        else:
            found.append(None)
    return found
