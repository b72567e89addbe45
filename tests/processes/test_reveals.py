"""kill -9 before each step of a reveal: each token is revealed once, by as few transactions as can
be.

The steps are all round trips to the database and all calls of the node, so they include those
before, between and after a nonce is taken, a transaction is signed, sent, mined and confirmed.
"""

from __future__ import annotations

import pytest

from tests.processes.test_killed_at_each_step import walk  # noqa: F401 -- a fixture
from tests.season import Season
from tests.workers.conftest import due_now
from tests.workers.tokens.reveals.conftest import Reveals


@pytest.fixture
def season(anvil, owner, make):
    """A collection whose reveals are deep enough as soon as they are in a block."""
    made = Season.begin(anvil, owner, make.user()["workspace_id"], depth=0)
    yield made
    anvil.node.call("anvil_dropAllTransactions")
    anvil.mines_by_itself(on=True)


@pytest.fixture
def reveals(season, settings):
    made = Reveals(season, settings)
    yield made
    made.close()


@pytest.fixture
def finish(season, reveals):
    """Does what a killed worker has left undone."""

    def run():
        for _ in range(20):
            reveals("plan", "sign", "send", "confirm")
            if set(season.statuses()) == {"revealed"}:
                return
        raise AssertionError(season.reveals("status, note, error"))

    return run


@pytest.fixture
def environment(season):
    return {"CHAIN_RPC_URL": season.anvil.url, "KEEPER_KEY": season.keeper.key}


def everything_is_revealed_once(season, times):
    receipts = season.receipts()
    assert [succeeded for succeeded, _ in receipts] == [True] * times
    assert sum(count for _, count in receipts) == season.minted
    assert season.reveals() == ["confirmed"] * times
    assert season.reveals("nonce") == list(range(times))
    last = season.minted
    assert season.contract.uri(last) == season.uri(last)
    (dead,) = season.conn.execute("SELECT count(*) FROM dead_letters").fetchone()
    assert dead == 0


def test_a_reveal_is_done_once(season, finish, environment, walk):  # noqa: F811
    season.mint(2)
    for step in walk("reveal", **environment):
        finish()
        everything_is_revealed_once(season, step)
        season.mint(2)
    assert step > 30


def test_a_reveal_that_is_stuck_is_replaced_at_its_nonce(
    season,
    reveals,
    finish,
    environment,
    walk,  # noqa: F811
):
    anvil, attempts = season.anvil, []
    for step in walk("reveal", **environment):
        if step > 1:
            anvil.mine()
            anvil.mines_by_itself(on=True)
            finish()
            everything_is_revealed_once(season, step - 1)
            attempts.append(season.reveals("attempts")[-1])
        anvil.set_base_fee(10**9)
        season.mint(2)
        anvil.mines_by_itself(on=False)
        reveals("plan", "sign", "send")
        anvil.set_base_fee(45 * 10**8)
        anvil.mine()
        due_now(season.conn)
    assert set(attempts) <= {1, 2}
    assert attempts.count(2) > 10
