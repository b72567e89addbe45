"""Authors over HTTP: anybody may ask, and who owns a wallet sets its prompt."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.blueprints.tokens import minted
from tests.factories import NOWHERE
from tests.wallets import Wallet
from webapp.blueprints.tokens import signatures
from webapp.clients.chain.node import NodeError
from webapp.rules.tokens.prompt_message import hash_of
from webapp.schemas.tokens.authors import Author, Leaderboard, PromptMessageAnswer

AUTHORS = "/api/authors"
PROMPT = "  A lighthouse of glass, at dusk. 灯台 🗼 "
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

EXAMPLES = Examples(
    words={"wallet": "0x90F79bf6EB2c4f870365E785982E1f101E93b906"},
    ways_in={
        *(f"{AUTHORS}/leaderboard", f"{AUTHORS}/prompt", f"{AUTHORS}/<wallet>"),
        *(f"{AUTHORS}/<wallet>/prompt-message", f"{AUTHORS}/<wallet>/tokens"),
    },
)


@pytest.fixture
def key():
    """A key of a wallet."""
    return Wallet()


@pytest.fixture
def message(client, collection_id):
    """Gives the text to sign for a prompt of a wallet."""

    def ask(wallet, prompt=PROMPT, **more):
        query = {"prompt_sha256": hash_of(prompt)} | more
        answer = client.get(f"{AUTHORS}/{wallet}/prompt-message", query_string=query)
        assert answer.status_code == 200, answer.json
        assert not PromptMessageAnswer().validate(answer.json)
        return answer.json["message"]

    return ask


@pytest.fixture
def send(client):
    """Sends a prompt with a message and a signature."""

    def post(wallet, message, signature, prompt=PROMPT, **more):
        body = {"wallet_address": wallet, "prompt_text": prompt, "message": message}
        return client.post(f"{AUTHORS}/prompt", json=body | {"signature": signature} | more)

    return post


def sign(key, message):
    return "0x" + key.sign(message).hex()


def prompts(owner):
    return owner.execute("SELECT wallet, prompt_text, prompt_version FROM authors").fetchall()


def test_a_signed_prompt_is_set_and_shown_to_nobody(client, ana, owner, key, message, send, logged):
    text = message(key.address)
    answer = send(key.address.lower(), text, sign(key, text))
    assert answer.json == {"success": True, "has_prompt": True, "prompt_version": 1}
    assert prompts(owner) == [(key.address, PROMPT, 1)]
    author = client.get(f"{AUTHORS}/{key.address}")
    assert not Author().validate(author.json)
    assert (author.json["has_prompt"], author.json["prompt_version"]) == (True, 1)
    second = message(key.address, "another")
    assert send(key.address, second, sign(key, second), "another").json["prompt_version"] == 2
    assert prompts(owner) == [(key.address, "another", 2)]
    told = f"{author.text} {logged} {owner.execute('SELECT * FROM events').fetchall()}"
    assert "lighthouse" not in told


def test_the_message_says_all_that_the_signature_is_good_for(key, message, owner):
    (contract,) = owner.execute("SELECT contract FROM collections").fetchone()
    lines = message(key.address).splitlines()
    assert lines[2:-1] == [
        "Domain: localhost:8080",
        "Action: set-prompt",
        "Chain-ID: 31337",
        f"Collection: {contract}",
        f"Wallet: {key.address}",
        "Version: 1",
        f"Prompt-SHA256: {hash_of(PROMPT)}",
    ]


def test_an_unknown_wallet_is_answered_with_zeros(client, collection_id):
    wallet = minted.address()
    answer = client.get(f"{AUTHORS}/{wallet}")
    assert answer.json == {
        "collection_id": collection_id,
        "wallet": wallet,
        "has_prompt": False,
        "prompt_version": 0,
        "twitter_handle": None,
        "farcaster_handle": None,
        "tokens": 0,
    }
    assert client.get(f"{AUTHORS}/{wallet}/tokens").json == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("wallet", ["0x12", "ana.eth", "0x" + "g" * 40, "0X" + "1" * 40])
def test_what_is_no_address_is_refused(client, collection_id, wallet):
    assert_problem(client.get(f"{AUTHORS}/{wallet}"), 422, "invalid_input", "wallet")
    body = {"wallet_address": wallet, "prompt_text": "x", "message": "x", "signature": "0x00"}
    answer = client.post(f"{AUTHORS}/prompt", json=body)
    assert_problem(answer, 422, "invalid_input", "wallet_address")


def test_an_address_in_one_case_is_the_same_and_a_mistyped_one_refused(client, collection_id):
    right = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
    for wallet in (right, right.lower(), "0x" + right[2:].upper()):
        assert client.get(f"{AUTHORS}/{wallet}").json["wallet"] == right
    wrong = client.get(f"{AUTHORS}/0x90f79bf6EB2c4f870365E785982E1f101E93b906")
    assert_problem(wrong, 422, "invalid_input", "wallet")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt_text": ""}, "prompt_text"),
        ({"prompt_text": " \n"}, "prompt_text"),
        ({"prompt_text": "x" * 1001}, "prompt_text"),
        ({"prompt_text": "a\0b"}, "prompt_text"),
        ({"message": ""}, "message"),
        ({"signature": "0x"}, "signature"),
        ({"signature": "0x123"}, "signature"),
        ({"signature": "12" * 65}, "signature"),
        ({"signature": "0x" + "00" * 8193}, "signature"),
        ({"collection_id": "x"}, "collection_id"),
        ({"more": 1}, "more"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(send, key, collection_id, change, field):
    body = {"message": "x", "signature": "0x00", "prompt": "x"}
    if "prompt_text" in change:
        body["prompt"] = change.pop("prompt_text")
    assert_problem(send(key.address, **body | change), 422, "invalid_input", field)


@pytest.mark.long
def test_a_signature_is_good_once(owner, key, message, send):
    text = message(key.address)
    signature = sign(key, text)
    assert send(key.address, text, signature).status_code == 200
    assert_problem(send(key.address, text, signature), 409, "prompt_version_conflict")
    assert prompts(owner) == [(key.address, PROMPT, 1)]


@pytest.mark.long
def test_of_two_prompts_that_are_signed_at_once_one_is_set(owner, key, message, send):
    texts = {prompt: message(key.address, prompt) for prompt in ("one", "two")}
    answers = [send(key.address, text, sign(key, text), prompt) for prompt, text in texts.items()]
    assert [each.status_code for each in answers] == [200, 409]
    assert prompts(owner) == [(key.address, "one", 1)]


@pytest.mark.long
def test_a_captured_signature_is_good_for_nothing_else(
    app_conn, owner, workspace_id, collection_id, key, message, send, make_app
):
    """Nobody has the key here but the wallet, whose message and signature the others know."""
    text = message(key.address)
    signature = sign(key, text)
    other = minted.address()
    sibling = minted.collection(app_conn, workspace_id)
    elsewhere = minted.collection(app_conn, workspace_id, chain_id=8453)
    here = {"collection_id": collection_id}

    def refused(answer, status, code):
        assert_problem(answer, status, code)

    refused(send(key.address, text, signature, "another prompt", **here), 422, "message_mismatch")
    refused(send(key.address, text, signature, PROMPT.strip(), **here), 422, "message_mismatch")
    refused(send(other, text, signature, **here), 422, "message_mismatch")
    for there in (sibling, elsewhere):
        answer = send(key.address, text, signature, collection_id=there)
        refused(answer, 422, "message_mismatch")
    with make_app(public_url="https://coffer.example").test_client() as another:
        body = {"wallet_address": key.address, "prompt_text": PROMPT, "message": text}
        answer = another.post(f"{AUTHORS}/prompt", json=body | {"signature": signature} | here)
        refused(answer, 422, "message_mismatch")
    # With a message that would be right, the signature is of another one.
    for wallet, prompt, there in (
        (key.address, "another prompt", collection_id),
        (other, PROMPT, collection_id),
        (key.address, PROMPT, sibling),
        (key.address, PROMPT, elsewhere),
    ):
        right = message(wallet, prompt, collection_id=there)
        answer = send(wallet, right, signature, prompt, collection_id=there)
        refused(answer, 401, "invalid_signature")
    later = text.replace("Version: 1", "Version: 2")
    refused(send(key.address, later, sign(key, later), **here), 409, "prompt_version_conflict")
    constant = "Update GLISK prompt"
    refused(send(key.address, constant, sign(key, constant), **here), 422, "message_mismatch")
    assert prompts(owner) == []


@pytest.mark.parametrize(("minutes", "is_good"), [(-11, False), (-9, True), (9, True), (11, False)])
def test_a_message_is_good_for_ten_minutes(owner, key, message, send, minutes, is_good):
    now = datetime.now(UTC) + timedelta(minutes=minutes)
    head, _, _ = message(key.address).rpartition("Issued-At: ")
    text = f"{head}Issued-At: {now:%Y-%m-%dT%H:%M:%SZ}"
    answer = send(key.address, text, sign(key, text))
    if is_good:
        assert answer.status_code == 200
    else:
        assert_problem(answer, 422, "message_expired")
        assert prompts(owner) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: "\n" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("Version: 1", "Version: 01"),
        lambda text: text.replace("Version: 1", "Version: 1\nVersion: 1"),
        lambda text: text.replace("set-prompt", "set-handle"),
        lambda text: text.replace("Z", ".000Z"),
        lambda text: text[:-21] + "2026-02-30T00:00:00Z",
        lambda text: "Issued-At: " + text[-20:],
    ],
    ids=range(9),
)
def test_a_message_that_differs_in_anything_is_refused(owner, key, message, send, change):
    text = change(message(key.address))
    assert_problem(send(key.address, text, sign(key, text)), 422, "message_mismatch")
    assert prompts(owner) == []


@pytest.mark.long
@pytest.mark.parametrize(
    "change",
    [
        lambda signed: signed[:64] + bytes([signed[64] ^ 7]),
        lambda signed: (
            signed[:32]
            + (N - int.from_bytes(signed[32:64], "big")).to_bytes(32, "big")
            + bytes([signed[64] ^ 7])
        ),
        lambda signed: signed[:64],
        lambda signed: signed + b"\0",
        lambda signed: signed[:64] + bytes([37]),
        lambda signed: bytes(65),
        lambda signed: b"\xff" * 65,
        lambda signed: bytes(32) + signed[32:],
    ],
    ids=["another v", "high s", "short", "long", "EIP-155", "zeros", "ones", "no r"],
)
def test_what_is_no_signature_of_the_wallet_is_401(owner, key, message, send, change):
    text = message(key.address)
    changed = "0x" + change(bytes.fromhex(sign(key, text)[2:])).hex()
    assert_problem(send(key.address, text, changed), 401, "invalid_signature")
    assert prompts(owner) == []


def test_a_signature_may_end_in_0_or_1_as_some_wallets_write_it(key, message, send):
    text = message(key.address)
    signed = bytes.fromhex(sign(key, text)[2:])
    answer = send(key.address, text, "0x" + (signed[:64] + bytes([signed[64] - 27])).hex())
    assert answer.status_code == 200


class StandIn:
    """A node that answers a call as told; tests/clients/chain has real ones."""

    def __init__(self, said):
        self.said = said
        self.asked = []

    def expect(self, chain_id):
        self.asked.append(chain_id)

    def call(self, method, *params):
        self.asked.append((method, params))
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    def close(self):
        pass


@pytest.fixture
def node(stand_in):
    """Puts a node in place that says something of every signature."""

    def put(said):
        chain = signatures.Chain(None)
        chain.node = StandIn(said)
        stand_in(signatures.chain, chain)
        return chain.node

    return put


YES = "0x1626ba7e" + "0" * 56


@pytest.mark.long
def test_a_wallet_that_is_a_contract_signs_in_its_own_way(owner, message, send, node):
    wallet, asked = minted.address(), node(YES)
    text = message(wallet)
    assert send(wallet, text, "0x" + "ab" * 700).status_code == 200
    chain_id, (method, (call, block)) = asked.asked
    assert (chain_id, method, block, call["to"]) == (minted.CHAIN_ID, "eth_call", "latest", wallet)
    assert call["data"].startswith("0x1626ba7e")
    assert prompts(owner) == [(wallet, PROMPT, 1)]


@pytest.mark.parametrize(
    "said",
    [
        *("0x", YES[:-1] + "1", YES + "00", "0x" + "0" * 64, None),
        NodeError("execution reverted", code=3),
        NodeError("The chain's node answered with an error: out of gas", code=-32000),
    ],
    ids=str,
)
def test_what_the_contract_does_not_accept_is_401(owner, message, send, node, said):
    wallet = minted.address()
    node(said)
    text = message(wallet)
    assert_problem(send(wallet, text, "0x" + "ab" * 65), 401, "invalid_signature")
    assert prompts(owner) == []


def test_a_node_that_does_not_answer_is_503(owner, message, send, node, logged):
    wallet = minted.address()
    node(NodeError("The chain's node answered with status 502."))
    text = message(wallet)
    answer = send(wallet, text, "0x" + "ab" * 65)
    assert_problem(answer, 503, "chain_unavailable")
    assert "Retry-After" in answer.headers
    assert prompts(owner) == []


def test_few_requests_wait_for_the_node_at_once(message, send, node):
    wallet, text = minted.address(), None
    asked = node(YES)
    text = message(wallet)

    def call_meanwhile(*_):
        asked.call = lambda *_: answers.append(send(wallet, text, "0x" + "ab" * 65)) or "0x"
        answers.append(send(wallet, text, "0x" + "ab" * 65))
        return "0x"

    answers = []
    asked.call = call_meanwhile
    answers.append(send(wallet, text, "0x" + "ab" * 65))
    assert [each.status_code for each in answers] == [503, 401, 401]


def test_the_leaderboard_counts_tokens_and_sorts_ties_by_address(
    client, app_conn, collection_id, workspace_id
):
    wallets = sorted((minted.address() for _ in range(3)), key=str.lower)
    ids = [minted.author(app_conn, collection_id, wallet=each) for each in wallets]
    numbers = iter(range(1, 10))
    for author_id in (ids[2], ids[2], ids[1], ids[0]):
        minted.token(app_conn, collection_id, author_id, next(numbers))
    minted.token(app_conn, collection_id, ids[0], next(numbers), "orphaned")
    elsewhere = minted.collection(app_conn, workspace_id, is_public=False)
    minted.token(app_conn, elsewhere, minted.author(app_conn, elsewhere, wallet=wallets[0]))
    answer = client.get(f"{AUTHORS}/leaderboard")
    assert not Leaderboard().validate(answer.json)
    assert answer.json["items"] == [
        {"author_address": wallets[2], "total_tokens": 2},
        {"author_address": wallets[0], "total_tokens": 1},
        {"author_address": wallets[1], "total_tokens": 1},
    ]
    assert answer.headers["Cache-Control"] == "public, max-age=30"


@pytest.mark.long
def test_the_tokens_of_an_author_are_paged_and_tell_nothing_before_they_are_revealed(
    client, app_conn, collection_id
):
    wallet = minted.address()
    author_id = minted.author(app_conn, collection_id, wallet=wallet)
    for number, status in enumerate(("revealed", "ready", "failed", "orphaned"), start=1):
        minted.token(app_conn, collection_id, author_id, number, status, error="a secret reason")
    found, cursor = [], {}
    while True:
        query = {"limit": 1} | cursor
        answer = client.get(f"{AUTHORS}/{wallet}/tokens", query_string=query)
        assert "secret" not in answer.text
        found += answer.json["items"]
        cursor = {"cursor": answer.json["next_cursor"]}
        if answer.json["next_cursor"] is None:
            break
    assert [(each["token_id"], each["status"]) for each in found] == [
        (3, "failed"),
        (2, "ready"),
        (1, "revealed"),
    ]
    assert [each["image_cid"] for each in found] == [None, None, minted.IMAGE]
    assert client.get(f"{AUTHORS}/{wallet}").json["tokens"] == 3


def test_which_collection_must_be_named_where_there_are_several(
    client, app_conn, workspace_id, collection_id
):
    wallet = minted.address()
    hidden = minted.collection(app_conn, workspace_id, is_public=False)
    assert client.get(f"{AUTHORS}/{wallet}").json["collection_id"] == collection_id
    other = minted.collection(app_conn, workspace_id)
    assert_problem(client.get(f"{AUTHORS}/{wallet}"), 422, "collection_required")
    assert client.get(f"{AUTHORS}/{wallet}?collection_id={other}").status_code == 200
    for unknown in (hidden, NOWHERE):
        answer = client.get(f"{AUTHORS}/{wallet}?collection_id={unknown}")
        assert_problem(answer, 404, "not_found")


def test_without_a_public_collection_there_are_no_authors(client, app):
    for path in ("leaderboard", minted.address()):
        assert_problem(client.get(f"{AUTHORS}/{path}"), 404, "not_found")


@pytest.mark.parametrize("cursor", ["!", "eA", "MjAyNi0xMS0yNyAwOTo0NyB4"])
def test_a_cursor_that_is_none_is_refused(client, collection_id, cursor):
    path = f"{AUTHORS}/{minted.address()}/tokens?cursor={cursor}"
    assert_problem(client.get(path), 400, "invalid_cursor")


@pytest.mark.long
def test_strangers_may_set_few_prompts_and_are_told_when_to_try_again(send, key, collection_id):
    answers = [send(key.address, "x", "0x00", "x").status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]


def test_a_web_without_the_extra_says_so_once_there_is_a_collection(
    client, ana, collection_id, owner, monkeypatch
):
    monkeypatch.setitem(sys.modules, "eth_hash.auto", None)
    wallet = "0x" + "7" * 40
    asked = {
        "wallet_address": wallet,
        "prompt_text": "a",
        "message": "b",
        "signature": "0x" + 130 * "0",
    }
    for answer in (
        client.get(f"{AUTHORS}/{wallet}"),
        client.get(f"{AUTHORS}/{wallet}/tokens"),
        client.post(f"{AUTHORS}/prompt", json=asked),
        ana.get("/api/tokens", query_string={"author": wallet}),
    ):
        assert_problem(answer, 503, "tokens_not_installed")
    assert ana.get("/api/tokens").status_code == 200
    owner.execute("UPDATE collections SET is_public = false")
    assert_problem(client.get(f"{AUTHORS}/{wallet}"), 404, "not_found")
