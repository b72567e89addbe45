"""A collection on a real node, and the workers that reveal its tokens, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.anvil import Anvil
from tests.season import Season
from tests.workers.conftest import due_now
from webapp.settings import Settings
from workers.confirm_reveals import confirm_reveals
from workers.engine.loop import Worker
from workers.plan_reveals import plan_reveals
from workers.send_reveals import send_reveals
from workers.sign_reveals import sign_reveals

KINDS = {each.name: each for each in (plan_reveals, sign_reveals, send_reveals, confirm_reveals)}


@pytest.fixture
def season(anvil: Anvil, owner, make) -> Iterator[Season]:
    """A collection, and a chain that has a new block when a test says so."""
    anvil.set_base_fee(10**9)
    made = Season.begin(anvil, owner, make.user()["workspace_id"])
    anvil.mines_by_itself(on=False)
    yield made
    anvil.node.call("anvil_dropAllTransactions")
    anvil.mines_by_itself(on=True)


class Reveals:
    """The workers of a season, each of which does a round when it is told to."""

    def __init__(self, season: Season, settings: Settings, **changes: Any) -> None:
        self._conn = season.conn
        loaded = season.settings(settings, **changes)
        self._workers = {
            name: Worker([kind], loaded, concurrency=1) for name, kind in KINDS.items()
        }

    def __call__(self, *names: str) -> None:
        """A round of each, by the first word of its name, with all that is queued."""
        for name in names:
            due_now(self._conn)
            while self._workers[f"{name}_reveals"].round():
                pass

    def close(self) -> None:
        for each in self._workers.values():
            each.close()


@pytest.fixture
def reveals(season: Season, settings: Settings) -> Iterator[Any]:
    """Gives the workers with some settings changed."""
    made: list[Reveals] = []

    def make(**changes: Any) -> Reveals:
        made.append(Reveals(season, settings, **changes))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def do(reveals) -> Reveals:
    """The workers with the usual settings."""
    return reveals()
