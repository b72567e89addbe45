"""The pace of work."""

from __future__ import annotations


class Pace:
    """Seconds per row, as a moving average."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def note(self, seconds: float, rows: int = 1) -> None:
        each = seconds / rows
        self._seconds = each if self._seconds is None else 0.8 * self._seconds + 0.2 * each

    def rows_in(self, seconds: float, *, most: int) -> int:
        """How many rows that is; none while the pace is unknown."""
        if self._seconds is None:
            return 0
        return min(most, int(seconds / max(self._seconds, 1e-9)))
