"""What went wrong in a demonstration, in a line for whoever runs it."""

from __future__ import annotations


class DemoError(Exception):
    """The demonstration cannot go on; the message says why."""


def expect(holds: object, otherwise: str) -> None:
    """Raise DemoError with `otherwise` unless something holds."""
    if not holds:
        raise DemoError(otherwise)
