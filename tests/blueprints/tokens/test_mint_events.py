"""What Alchemy tells of mints: taken once, whatever its form, and only if it is signed."""

from __future__ import annotations

import json
import threading

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.blueprints.tokens import alchemy
from tests.blueprints.tokens.alchemy import (
    AUTHOR,
    CONTRACT,
    activity,
    below_transactions,
    custom,
    graphql,
    hash_at,
    mined_transaction,
    minted,
    signed,
    word,
)
from tests.blueprints.tokens.minted import collection
from tests.factories import NOWHERE

PATH = "/webhooks/alchemy"
OTHER = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"

EXAMPLES = Examples(signed={PATH, f"{PATH}/<uuid:collection_id>"})


@pytest.fixture
def collection_id(app_conn, make):
    """A collection whose contract the messages are about, read up to block 150."""
    workspace_id = make.user()["workspace_id"]
    return collection(app_conn, workspace_id, contract=CONTRACT, start_block=10, next_block=150)


@pytest.fixture
def told(make_app, collection_id):
    """Tells the app something; gives the answer."""
    client = make_app(alchemy_webhook_secrets=("an old one", alchemy.SECRET)).test_client()

    def tell(said, path="", secret=alchemy.SECRET):
        return alchemy.send(client, said, path, secret)

    tell.client = client
    return tell


def counts(answer):
    assert answer.status_code == 200, answer.data
    return tuple(answer.json[name] for name in ("mints", "tokens", "duplicates", "ignored"))


def tokens(owner):
    return owner.execute(
        "SELECT token_id, wallet, status FROM tokens JOIN authors ON authors.id = author_id"
        " ORDER BY token_id"
    ).fetchall()


def doubted(owner):
    return owner.execute("SELECT doubted_block FROM collections").fetchone()[0]


@pytest.mark.long
def test_a_mint_is_taken_with_all_that_its_log_says(told, owner):
    answer = told(graphql(minted(5, 3, index=7, transaction=word(1))))
    assert answer.json == {
        "status": "taken",
        "mints": 1,
        "tokens": 3,
        "duplicates": 0,
        "ignored": 0,
    }
    assert tokens(owner) == [(number, AUTHOR, "detected") for number in (5, 6, 7)]
    assert owner.execute(
        "SELECT tx_hash, log_index, block_number, block_hash, extract(epoch FROM block_time)::int,"
        " minter, start_token_id, quantity, total_paid::int, source, status, is_read"
        " FROM mint_events"
    ).fetchone() == (
        *(word(1), 7, 100, hash_at(100), 1_700_000_100, alchemy.MINTER, 5, 3, 750),
        *("webhook", "pending", False),
    )
    assert owner.execute("SELECT DISTINCT kind FROM outbox ORDER BY 1").fetchall() == [
        ("generate_images",),
        ("watch_chain",),
    ]
    (actor,) = owner.execute("SELECT actor FROM events WHERE event = 'mint_event.seen'").fetchone()
    assert actor == "alchemy"


@pytest.mark.long
def test_the_same_log_is_one_mint_in_every_form(told, owner):
    log = minted(1, 2, index=3)
    assert counts(told(graphql(log))) == (1, 2, 0, 0)
    for said in (graphql(log), below_transactions(log), custom(log), graphql(log, log)):
        answer = told(said)
        assert answer.json["status"] == "known"
        assert counts(answer)[:2] == (0, 0)
        assert counts(answer)[2] >= 1
    assert len(tokens(owner)) == 2
    assert doubted(owner) is None


@pytest.mark.long
@pytest.mark.parametrize("form", [graphql, below_transactions, custom])
def test_each_form_is_read(told, owner, form):
    assert counts(told(form(minted(1, 2), minted(3, 1, OTHER)))) == (2, 3, 0, 0)
    assert [author for _, author, _ in tokens(owner)] == [AUTHOR, AUTHOR, OTHER]


MALFORMED = [
    None,
    7,
    [],
    {},
    minted(topics=None),
    minted(topics=[]),
    minted(topics=["0x"] * 4),
    minted(topics=[{}] * 4),
    minted(data=None),
    minted(data="0x"),
    minted(data="0x" + "zz" * 64),
    minted(data=word(0) + word(1)[2:]),
    minted(data=word(10_001) + word(1)[2:]),
    minted(start=2**255),
    minted(index=-1),
    minted(index=2**40),
    minted(index="\0"),
    minted(account=None),
    minted(account={"address": "0x1"}),
    minted(transaction="0x1"),
    minted(transaction="\0"),
    minted() | {"transaction": {"hash": word(3), "status": 0}},
    minted() | {"topics": [word(1), *minted()["topics"][1:]]},
    minted() | {"topics": [minted()["topics"][0], "0x" + "f" * 64, word(1), word(1)]},
]


@pytest.mark.long
def test_one_bad_log_spoils_no_other(told, owner):
    foreign = minted(1, contract=OTHER)
    known = minted(1)
    told(graphql(known))
    answer = told(graphql(known, foreign, *MALFORMED, minted(2)))
    assert counts(answer) == (1, 1, 1, 1 + len(MALFORMED))
    assert [number for number, *_ in tokens(owner)] == [1, 2]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"event": None},
        {"event": []},
        {"event": {"data": {"block": {"logs": {}}}}},
        {"event": {"data": {"block": {"transactions": [1, {"logs": 5}]}}}},
        {"event": {"activity": [None, {}, {"log": []}]}},
        {"event": {"transaction": {}}},
        {"event": {"transaction": {"to": CONTRACT, "hash": "\0", "blockNumber": "0x1"}}},
        graphql(),
        graphql(minted(blockNumber=-1)),
        graphql(minted(blockNumber=2**63)),
        graphql(minted(blockNumber="x")),
        graphql(minted(), number=9),  # before the collection begins
        graphql(minted(), network="ETH_MAINNET"),
        activity(contract=OTHER),
        mined_transaction(contract=OTHER),
    ],
    ids=lambda said: str(said)[:40],
)
def test_what_tells_of_nothing_of_ours_is_ignored(told, owner, said):
    answer = told(said)
    assert answer.json["status"] == "ignored"
    assert counts(answer)[:3] == (0, 0, 0)
    assert tokens(owner) == []
    assert doubted(owner) is None


# Hints


def test_what_only_hints_at_a_mint_has_the_chain_read_again(told, owner):
    for said, block in ((activity(120, 5), 120), (mined_transaction(110), 110)):
        assert told(said).json["status"] == "noted"
        assert doubted(owner) == block
    # Later than what was read, so it will be read anyway.
    owner.execute("UPDATE collections SET doubted_block = NULL")
    told(activity(150, 6))
    assert doubted(owner) is None


def test_a_hint_at_what_is_known_is_nothing_new(told, owner):
    told(graphql(minted(5, transaction=word(77))))
    told(activity(100, 5))
    told(mined_transaction(100))
    assert doubted(owner) is None
    # The sale of a token is no mint.
    sale = activity(120, 5)
    sale["event"]["activity"][0]["fromAddress"] = OTHER
    assert told(sale).json["status"] == "ignored"


def test_a_log_that_was_taken_back_has_its_block_read_again(told, owner):
    log = minted()
    told(graphql(log))
    removed = custom(log)
    removed["event"]["data"]["block"]["logs"][0]["removed"] = True
    assert told(removed).json["status"] == "noted"
    assert doubted(owner) == 100
    owner.execute("UPDATE collections SET doubted_block = NULL")
    told(activity(90, 5, removed=True))
    assert doubted(owner) == 90


@pytest.mark.long
def test_a_block_that_comes_again_with_another_hash_is_read_again(told, owner):
    told(graphql(minted(1, 2), number=100))
    answer = told(graphql(minted(1, 2, OTHER), number=100, fork=1))
    assert counts(answer) == (1, 0, 0, 0)
    assert doubted(owner) == 100
    # Until then the tokens are those of whom they were first.
    assert [author for _, author, _ in tokens(owner)] == [AUTHOR, AUTHOR]


def test_a_log_that_comes_again_in_another_block_is_read_again(told, owner):
    log = minted()
    told(graphql(log, number=120))
    answer = told(graphql(log, number=121))
    assert counts(answer) == (0, 0, 1, 0)
    assert doubted(owner) == 120


def test_what_one_message_has_too_much_of_is_left_to_the_chain(told, owner, monkeypatch):
    monkeypatch.setattr("webapp.rules.tokens.alchemy.MOST_TOKENS", 50)
    answer = told(graphql(*(minted(1 + n * 20, 20) for n in range(3))))
    assert counts(answer) == (2, 40, 0, 0)
    assert doubted(owner) == 100


# Who may tell


@pytest.mark.long
def test_only_what_is_signed_is_read(told, owner):
    body = json.dumps(graphql(minted())).encode()
    right = signed(body)["X-Alchemy-Signature"]
    wrong = [
        {},
        {"X-Alchemy-Signature": ""},
        {"X-Alchemy-Signature": "é"},
        {"X-Alchemy-Signature": right[:-1]},
        {"X-Alchemy-Signature": right + "0"},
        signed(body + b" "),
        signed(body, "another secret"),
    ]
    for headers in wrong:
        answer = told.client.post(PATH, data=body, headers=headers)
        assert_problem(answer, 401, "invalid_signature")
    assert tokens(owner) == []
    for headers in ({"X-Alchemy-Signature": right.upper()}, signed(body, "an old one")):
        assert told.client.post(PATH, data=body, headers=headers).status_code == 200


def test_without_a_secret_nothing_is_read(client, collection_id):
    assert_problem(alchemy.send(client, graphql(minted()), secret=""), 401, "invalid_signature")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"1", b"[" * 10_000, b"\xff"])
def test_what_is_no_object_is_400(told, body):
    assert_problem(told(body), 400, "invalid_payload")


@pytest.mark.long
def test_a_message_may_be_longer_than_other_bodies_but_not_endless(told, settings, owner):
    said = graphql(*[{"x": "y" * 1000}] * (settings.max_body_bytes // 1000), minted())
    assert counts(told(said))[:2] == (1, 1)
    assert_problem(told(b"x" * 10_000_001), 413, "body_too_large")


@pytest.mark.long
def test_an_address_of_one_collection_takes_only_what_is_about_it(told, owner, collection_id):
    said = graphql(minted(1))
    assert counts(told(said, f"/{NOWHERE}")) == (0, 0, 0, 1)
    assert counts(told(said, f"/{collection_id}")) == (1, 1, 0, 0)


def test_a_collection_that_is_paused_takes_nothing(told, owner):
    owner.execute("UPDATE collections SET status = 'paused'")
    assert counts(told(graphql(minted(1)))) == (0, 0, 0, 1)


def test_that_an_allowance_is_used_up_is_an_alarm_and_told_once_an_hour(
    told, owner, collection_id, logged
):
    said = {"event": {"error": "Monthly capacity limit exceeded."}, "type": "GRAPHQL"}
    for _ in range(3):
        assert told(said).json["status"] == "error"
    alarms = owner.execute(
        "SELECT payload FROM events WHERE entity_id = %s AND event = 'collection.webhooks_stopped'",
        (collection_id,),
    ).fetchall()
    assert alarms == [({"error": "Monthly capacity limit exceeded."},)]
    assert [line["event"] for line in logged if line["log_level"] == "error"] == [
        "alchemy_stopped"
    ] * 3


@pytest.mark.long
def test_neither_secret_nor_message_is_logged(told, logged):
    told(graphql(minted()))
    told(graphql(minted()), secret="wrong")
    assert logged
    for hidden in (alchemy.SECRET, "an old one", AUTHOR, CONTRACT.lower(), "topics"):
        assert hidden not in str(logged)


@pytest.mark.long
def test_while_the_database_is_away_alchemy_is_told_to_come_again(make_app, monkeypatch):
    monkeypatch.setattr("webapp.http.db.POOL_TIMEOUT", 0.2)
    away = make_app(
        database_url="postgresql://x@127.0.0.1:1/x", alchemy_webhook_secrets=(alchemy.SECRET,)
    )
    answer = alchemy.send(away.test_client(), graphql(minted()))
    assert_problem(answer, 503, "database_unavailable")
    assert answer.headers["Retry-After"]


# At once


@pytest.mark.long
def test_those_who_meet_a_new_author_at_once_lose_nothing(told, owner, make_app):
    race(told, rounds=10)
    assert len(tokens(owner)) == 20


@pytest.mark.long
def test_those_who_meet_a_new_author_at_once_lose_nothing_two_hundred_times(told, owner):
    race(told, rounds=200)
    assert len(tokens(owner)) == 400
    assert owner.execute("SELECT count(*) FROM authors").fetchone() == (400,)


def race(told, rounds):
    """Two messages at once, with the same new authors in the opposite order and a mint of each."""
    failed = []
    for number in range(rounds):
        authors = [f"0x{number * 2 + each + 1:040x}" for each in (0, 1)]
        first, second = (
            minted(number * 2 + 1, 1, authors[0]),
            minted(number * 2 + 2, 1, authors[1]),
        )
        barrier = threading.Barrier(2)

        def tell(said, barrier=barrier):
            barrier.wait()
            answer = told(said)
            if answer.status_code != 200:
                failed.append(answer.data)

        threads = [
            threading.Thread(target=tell, args=(graphql(*logs, number=100 + number),))
            for logs in ((first, second), (second, first))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
