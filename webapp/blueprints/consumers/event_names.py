"""Refuses names of events that there are none of: whoever asks for them would wait for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sql import queries
from webapp.http.db import connection
from webapp.http.errors import Problem
from webapp.http.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from flask import Flask

# Who is told: of some events everybody in the workspace, of others one user.
WORKSPACE: Final = ("workspace",)
WORKSPACE_AND_USER: Final = ("workspace", "user")


class Known:
    """The names of events, each with who is told, as they were when they were last read."""

    def __init__(self) -> None:
        self._audiences: dict[str, str] = {}

    def names(self, audiences: Collection[str]) -> list[str]:
        """Those that some audiences are told of."""
        return [event for event, audience in self._audiences.items() if audience in audiences]

    def renew(self) -> None:
        """Read them again: a migration may have added some."""
        with connection() as conn:
            rows = queries.changes.list_names(conn)
        self._audiences = {row["event"]: row["audience"] for row in rows}


_known: Final[Installed[Known]] = Installed("known_events")


def install(app: Flask) -> None:
    """Give the app its names of events."""
    _known.install(app, Known())


def refuse_unknown(names: Sequence[str] | None, audiences: Collection[str]) -> None:
    """Check that each name is an event's that some audiences are told of, or `job.*`. Raises
    Problem 422, which tells all names that there are."""
    if not names:
        return
    known = _known()
    if unknown_in(names, known.names(audiences)):
        known.renew()
    there = known.names(audiences)
    unknown = unknown_in(names, there)
    if unknown:
        raise Problem(
            422,
            "invalid_input",
            f"There are no such events here: {', '.join(unknown)[:200]}. See known_events.",
            errors=[("events", f"There is no event {name} here.") for name in unknown],
            known_events=there,
        )


def unknown_in(names: Sequence[str], there: Collection[str]) -> list[str]:
    """Those of some names that no event has."""
    every = {*there, *(f"{event.partition('.')[0]}.*" for event in there)}
    return [name for name in names if name not in every]
