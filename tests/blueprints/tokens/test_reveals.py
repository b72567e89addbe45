"""Reveals over HTTP; tests/workers has what is done with them."""

from __future__ import annotations

import json

import pytest
from psycopg.types.json import Jsonb

from sql import queries
from tests.blueprints.examples import Examples
from tests.blueprints.tokens import minted
from tests.factories import NOWHERE
from webapp.schemas.tokens.reveals import Reveal, RevealPage, RevealsAsked

REVEALS = "/api/reveals"
KEEPER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
RAW = b"the signed bytes"


def reveal_in(place):
    conn = place.make.conn
    return add_reveal(conn, add_collection(conn, place.workspace_id))


EXAMPLES = Examples(things={"reveal_id": reveal_in})


def add_collection(conn, workspace_id, keeper=KEEPER):
    return minted.collection(conn, workspace_id, keeper=keeper)


def add_tokens(conn, collection_id, *numbers, mint="confirmed"):
    """Tokens that are ready, whose mints have a status."""
    author_id = minted.author(conn, collection_id)
    for number in numbers:
        minted.token(conn, collection_id, author_id, number, "ready")
    if mint != "pending":
        conn.execute("UPDATE mint_events SET status = %s WHERE status = 'pending'", (mint,))


def add_reveal(conn, collection_id, *numbers, status="planned"):
    """A reveal of tokens, in some status."""
    numbers = numbers or (1,)
    add_tokens(conn, collection_id, *numbers)
    batch = {"token_ids": list(numbers), "uris": [f"ipfs://bafy{each}" for each in numbers]}
    queries.reveals.plan(conn, collection_id=collection_id, batches=Jsonb([batch]))
    (reveal_id,) = conn.execute(
        "SELECT id FROM reveal_transactions WHERE collection_id = %s ORDER BY id DESC LIMIT 1",
        (collection_id,),
    ).fetchone()
    if status != "planned":
        fees = {"max_fee": 2 * 10**9, "tip": 10**6}
        queries.reveals.keep_attempt(
            conn,
            id=reveal_id,
            number=1,
            tx_hash=f"0x{reveal_id.hex}",
            cancels=False,
            raw=RAW,
            gas=100_000,
            head=7,
            **fees,
        )
        (count,) = conn.execute("SELECT count(nonce) FROM reveal_transactions").fetchone()
        queries.reveals.sign(conn, id=reveal_id, nonce=count, **fees)
    if status in ("sent", "mined"):
        queries.reveals.send(conn, id=reveal_id, note=None)
    if status == "mined":
        block = {"block": 9, "block_hash": "0x01", "gas_used": 90_000, "price": 10**9}
        queries.reveals.mine(conn, id=reveal_id, tx_hash=f"0x{reveal_id.hex}", **block)
    return reveal_id


@pytest.fixture
def collection_id(app_conn, olga):
    return add_collection(app_conn, olga.workspace_id)


@pytest.fixture
def add(app_conn, collection_id):
    """Adds a reveal; gives its address."""
    numbers = iter(range(1, 100))

    def add(status="planned"):
        made = add_reveal(app_conn, collection_id, next(numbers), status=status)
        return f"{REVEALS}/{made}"

    return add


def events_of(person, path):
    return [each["event"] for each in person.client.get(f"{path}/events").json["items"]]


@pytest.mark.long
def test_a_reveal_shows_what_was_signed_but_not_the_bytes(olga, add, collection_id):
    path = add("mined")
    found = olga.client.get(path)
    assert Reveal().validate(found.json) == {}
    assert found.json["status"] == "mined"
    assert found.json["token_ids"] == [1]
    assert (found.json["nonce"], found.json["attempts"]) == (0, 1)
    assert (found.json["max_fee"], found.json["effective_price"]) == ("2000000000", "1000000000")
    (signed,) = found.json["signed"]
    assert signed["tx_hash"] == found.json["tx_hash"]
    assert (signed["cancels"], signed["gas"]) == (False, 100_000)
    told = found.text + olga.client.get(f"{path}/events").text
    assert RAW.hex() not in told
    assert RAW.decode() not in told
    assert events_of(olga, path) == [
        *("reveal.planned", "reveal.signed", "reveal.sent", "reveal.mined"),
    ]


@pytest.mark.long
def test_reveals_are_listed_newest_first_by_collection_and_status(
    olga, add, app_conn, collection_id
):
    paths = [add("sent"), add("planned"), add("sent")]
    page = olga.client.get(REVEALS).json
    assert RevealPage().validate(page) == {}
    assert [each["id"] for each in page["items"]] == [path[13:] for path in reversed(paths)]
    first = olga.client.get(f"{REVEALS}?limit=1&status=sent").json
    assert [each["id"] for each in first["items"]] == [paths[2][13:]]
    rest = olga.client.get(f"{REVEALS}?status=sent&cursor={first['next_cursor']}").json
    assert [each["id"] for each in rest["items"]] == [paths[0][13:]]
    other = add_collection(app_conn, olga.workspace_id)
    assert olga.client.get(f"{REVEALS}?collection_id={other}").json["items"] == []
    assert len(olga.client.get(f"{REVEALS}?collection_id={collection_id}").json["items"]) == 3
    assert olga.client.get(f"{REVEALS}?status=lost").status_code == 422


@pytest.mark.parametrize(
    ("status", "action", "then"),
    [
        ("signed", "bump", "stuck"),
        ("sent", "bump", "stuck"),
        ("signed", "cancel", "cancelling"),
        ("sent", "cancel", "cancelling"),
        ("planned", "cancel", "dropped"),
    ],
)
def test_a_reveal_pays_more_or_is_cancelled(olga, add, owner, status, action, then):
    path = add(status)
    owner.execute("DELETE FROM outbox")
    answer = olga.client.post(f"{path}/{action}")
    assert (answer.status_code, answer.json["status"]) == (200, then)
    work = owner.execute("SELECT kind FROM outbox").fetchall()
    assert work == ([] if then == "dropped" else [("sign_reveals",)])
    (held,) = owner.execute("SELECT count(reveal_id) FROM tokens").fetchone()
    assert held == (0 if then == "dropped" else 1)


@pytest.mark.parametrize(("status", "action"), [("planned", "bump"), ("mined", "cancel")])
def test_one_that_is_not_signed_or_in_a_block_does_not(olga, add, status, action):
    answer = olga.client.post(f"{add(status)}/{action}")
    assert (answer.status_code, answer.json["code"]) == (409, "invalid_state_transition")


def test_members_see_reveals_and_only_owners_spend_money(people, olga, app_conn):
    member = people.person("ben")
    workspace_id = people.workspace(olga, member=member)
    path = f"{REVEALS}/{add_reveal(app_conn, add_collection(app_conn, workspace_id))}"
    headers = {"X-Workspace-Id": str(workspace_id)}
    assert member.client.get(path, headers=headers).status_code == 200
    assert member.client.post(f"{path}/cancel", headers=headers).status_code == 403
    assert olga.client.post(f"{path}/cancel", headers=headers).status_code == 200


def test_what_is_ready_is_revealed_at_once_when_somebody_asks(olga, app_conn, collection_id, owner):
    add_tokens(app_conn, collection_id, 1, 2)
    add_tokens(app_conn, collection_id, 3, mint="pending")
    for _ in range(2):  # it may be queued already
        answer = olga.client.post(f"/api/collections/{collection_id}/reveal")
        assert (answer.status_code, answer.json) == (202, {"ready": 2, "unconfirmed": 1})
        assert RevealsAsked().validate(answer.json) == {}
    queued = owner.execute("SELECT payload FROM outbox WHERE kind = 'plan_reveals'").fetchall()
    assert queued == [({"now": True},)]


def test_nothing_is_revealed_of_a_collection_that_is_paused_or_has_no_keeper(
    olga, app_conn, collection_id
):
    other = add_collection(app_conn, olga.workspace_id, keeper=None)
    app_conn.execute("UPDATE collections SET status = 'paused' WHERE id = %s", (collection_id,))
    codes = {}
    for each in (collection_id, other, NOWHERE):
        answer = olga.client.post(f"/api/collections/{each}/reveal")
        codes[str(each)] = (answer.status_code, answer.json["code"])
    assert list(codes.values()) == [
        *((409, "collection_paused"), (409, "no_keeper"), (404, "not_found")),
    ]


def test_events_have_what_was_signed_and_not_the_signature(olga, add):
    path = add("sent")
    told = olga.client.get(f"{path}/events").json["items"]
    payloads = {each["event"]: each["payload"] for each in told}
    assert payloads["reveal.planned"] == {"token_ids": [1]}
    assert payloads["reveal.signed"] == {"nonce": 0, "max_fee": 2 * 10**9}
    assert RAW.hex() not in json.dumps(told)
