"""What the keeper pays for is in the hands of people: pay more, cancel; and what it has left."""

from __future__ import annotations

import json

import pytest

from sql import queries
from tests.anvil import ETHER
from tests.workers.tokens.reveals.checks import finish, revealed, told
from workers.check_keepers import check_keepers
from workers.engine.loop import Worker

pytestmark = pytest.mark.long


@pytest.fixture
def act(season, app_conn):
    """Performs an action on the season's only reveal that is not over, as a person does."""

    def act(action):
        (reveal_id,) = season.conn.execute(
            "SELECT id FROM reveal_transactions"
            " WHERE status NOT IN ('confirmed', 'cancelled', 'dropped')"
        ).fetchone()
        mine = {"id": reveal_id, "workspace_id": season.workspace_id}
        queries.reveals.act(app_conn, **mine, action=action)

    return act


def test_one_that_is_bumped_is_mined_as_the_one_that_pays_more(season, do, act):
    season.mint()
    do("plan", "sign", "send")
    before = season.reveals("max_fee")
    act("bump")
    do("confirm", "sign", "send")
    assert season.reveals("attempts") == [2]
    assert season.reveals("max_fee")[0] * 8 >= before[0] * 9
    finish(do, season)
    revealed(season)
    (hashes,) = season.conn.execute(
        "SELECT array_agg(tx_hash ORDER BY number) FROM reveal_attempts"
    ).fetchone()
    assert season.reveals("mined_tx_hash") == [hashes[1]]


def test_one_that_is_bumped_at_the_cap_stays_as_it_was_signed(season, reveals, act):
    do = reveals(reveal_max_fee_gwei=1.5)
    season.mint()
    do("plan", "sign", "send")
    act("bump")
    do("sign")
    ((status, attempts, note),) = season.reveals("status, attempts, note")
    assert (status, attempts) == ("sent", 1)
    assert "REVEAL_MAX_FEE_GWEI" in note
    assert season.events()[-2:] == ["reveal.stuck", "reveal.kept"]
    finish(do, season)
    revealed(season)


def test_one_that_is_cancelled_is_replaced_and_its_tokens_are_planned_again(season, do, act):
    season.mint(2)
    do("plan", "sign", "send")
    act("cancel")
    do("sign", "send")
    season.anvil.mine(3)
    do("confirm")
    assert season.reveals("status, nonce, attempts") == [("cancelled", 0, 2)]
    assert season.receipts() == [(True, 0)]
    assert season.statuses() == {"ready": 2}
    finish(do, season)
    assert season.reveals("status, nonce") == [("cancelled", 0), ("confirmed", 1)]
    assert season.receipts() == [(True, 0), (True, 2)]


def test_one_that_is_mined_before_it_is_cancelled_is_revealed(season, do, act):
    season.mint(2)
    do("plan", "sign", "send")
    act("cancel")
    season.anvil.mine()  # the reveal, before the worker signs
    do("sign", "send")
    assert season.reveals("status, attempts") == [("sent", 2)]
    season.anvil.mine(2)
    do("confirm")
    revealed(season)


def test_a_cancellation_that_is_stuck_is_signed_anew_as_one(season, do, act):
    season.mint()
    do("plan", "sign", "send")
    act("cancel")
    do("sign", "send")
    act("bump")
    do("sign", "send")
    cancels = season.conn.execute("SELECT cancels FROM reveal_attempts ORDER BY number").fetchall()
    assert cancels == [(False,), (True,), (True,)]
    season.anvil.mine(3)
    do("confirm")
    assert season.reveals() == ["cancelled"]


def test_one_that_nobody_has_signed_is_dropped(season, do, act):
    season.mint()
    do("plan")
    act("cancel")
    do("sign", "send", "confirm")
    assert season.reveals("status, nonce") == [("dropped", None)]
    assert season.receipts() == []


def test_what_a_keeper_has_left_is_looked_up_and_told_once(season, settings, owner):
    worker = Worker([check_keepers], season.settings(settings))

    def check():
        owner.execute(
            "INSERT INTO outbox (kind, subject_id) VALUES ('check_keepers', gen_random_uuid())"
        )
        worker.round()
        return owner.execute("SELECT balance, low_since IS NOT NULL FROM keepers").fetchall()

    assert check() == [(100 * ETHER, False)]
    season.anvil.set_balance(season.keeper.address, 10**12)
    for _ in range(2):
        assert check() == [(10**12, True)]
    assert told(season) == ["collection.keeper_low"]
    (payload,) = owner.execute(
        "SELECT payload FROM events WHERE event = 'collection.keeper_low'"
    ).fetchone()
    assert payload.keys() == {"keeper", "balance", "enough"}
    season.anvil.set_balance(season.keeper.address, ETHER)
    check()
    assert told(season)[1:] == ["collection.keeper_refilled"]
    worker.close()


def test_without_a_collection_no_node_is_asked(settings, owner, worker):
    owner.execute(
        "INSERT INTO outbox (kind, subject_id) VALUES ('check_keepers', gen_random_uuid())"
    )
    made = worker(check_keepers)
    made.round()
    assert owner.execute("SELECT FROM outbox").fetchone() is None
    assert owner.execute("SELECT FROM dead_letters").fetchone() is None


def test_no_key_and_no_signed_bytes_are_told_or_logged(season, do, logged, owner):
    season.mint()
    do("plan", "sign", "send")
    season.anvil.set_base_fee(10**10)
    season.anvil.mine()
    do("confirm")
    tables = ("events", "outbox", "dead_letters", "reveal_transactions", "keepers")
    rows = [owner.execute(f"SELECT row_to_json(t) FROM {name} AS t").fetchall() for name in tables]
    everything = json.dumps([rows, logged], default=repr)
    assert len(logged) > 3
    assert season.keeper.key[2:] not in everything.lower()
    for (raw,) in owner.execute("SELECT raw FROM reveal_attempts").fetchall():
        assert bytes(raw).hex()[:60] not in everything.lower()
