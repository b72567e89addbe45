"""`coffer collection`: operators add contracts that are there, and pause and resume them."""

from __future__ import annotations

import json

import pytest

from tests.anvil import AUTHOR, CHAIN_ID, KEEPER
from tests.factories import NOWHERE
from tests.fakes.node import Refused, fake_node
from tests.workers.test_cli import coffer

ADDRESS = "0xd3CdA913deB6f67967B99D67aCDFa1712C293601"


@pytest.fixture
def asked(database):
    """Runs one of the commands; gives its output."""

    def run(*arguments, url=None, fails=False):
        answer = coffer(
            "collection",
            *map(str, arguments),
            DATABASE_URL=database.url,
            **({"CHAIN_RPC_URL": url} if url else {}),
        )
        assert answer.exception is None or isinstance(answer.exception, SystemExit)
        assert (answer.exit_code != 0) == fails, answer.output
        assert "Traceback" not in answer.output
        return answer.output if fails else answer.stdout

    return run


def new(workspace_id, contract, **changes):
    """The arguments that add a collection."""
    given = {"workspace": workspace_id, "contract": contract, "name": "Season #{n}"}
    given |= {"prompt": "a garden"} | changes
    return [
        "add",
        *(part for name, value in given.items() for part in (f"--{name}".replace("_", "-"), value)),
    ]


@pytest.mark.long
def test_a_contract_is_read_from_the_block_it_was_made_in(asked, olga, anvil, owner):
    anvil.mine(3)
    contract = anvil.deploy()
    anvil.mine(3)
    arguments = new(olga.workspace_id, contract.address.lower(), keeper=KEEPER.address)
    made = asked(*arguments, url=anvil.url).strip()
    assert owner.execute(
        "SELECT id::text, chain_id, contract, keeper, start_block, next_block, first_token_id,"
        " next_token_id FROM collections"
    ).fetchall() == [
        (made, CHAIN_ID, contract.address, KEEPER.address, *[contract.block] * 2, 1, 1)
    ]
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("watch_chain",)]
    assert owner.execute("SELECT action FROM audit_log").fetchall() == [("collection.added",)]
    assert "already" in asked(*arguments, url=anvil.url, fails=True)
    later = new(olga.workspace_id, anvil.deploy().address, start_block=contract.block)
    asked(*later, url=anvil.url)
    assert (contract.block,) in owner.execute("SELECT start_block FROM collections").fetchall()


@pytest.mark.long
def test_what_is_no_contract_of_the_chain_is_refused(asked, olga, anvil, owner):
    contract = anvil.deploy().address
    for arguments, said in (
        (new(olga.workspace_id, AUTHOR.address), "no contract"),
        (new(NOWHERE, contract), "no workspace"),
        (new(olga.workspace_id, contract, start_block=10**9), "blocks up to"),
    ):
        assert said in asked(*arguments, url=anvil.url, fails=True)
    assert owner.execute("SELECT count(*) FROM collections").fetchone() == (0,)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contract": "0x1"}, "40 hexadecimal digits"),
        ({"contract": ADDRESS.swapcase().replace("0X", "0x")}, "checksum"),
        ({"keeper": "me"}, "40 hexadecimal digits"),
        ({"name": "Season"}, "{n}"),
        ({"description": "x" * 2001}, "2000"),
        ({"prompt": ""}, "1000"),
        ({"fallback_prompt": "x" * 1001}, "1000"),
        ({"mint_confirmations": 1001}, "1000"),
        ({}, "CHAIN_RPC_URL"),
    ],
    ids=str,
)
def test_wrong_input_is_named(asked, changes, said):
    given = {"contract": ADDRESS} | changes
    assert said in asked(*new(NOWHERE, **given), fails=True)


@pytest.mark.long
def test_a_node_that_forgets_is_told_where_to_begin(asked, olga):
    def code(_, block):
        if block != "0x64":
            raise Refused("missing trie node")
        return "0x60"

    with fake_node() as node:
        node.answers |= {
            "eth_chainId": lambda: "0x1",
            "eth_blockNumber": lambda: "0x64",
            "eth_getCode": code,
        }
        said = asked(*new(olga.workspace_id, ADDRESS), url=node.url, fails=True)
        assert "--start-block" in said
        asked(*new(olga.workspace_id, ADDRESS, start_block=50), url=node.url)


@pytest.mark.long
def test_another_keeper_is_named_once_nothing_is_under_way(asked, olga, app_conn, owner):
    (made,) = app_conn.execute(
        "INSERT INTO collections (workspace_id, chain_id, contract, name_template, default_prompt,"
        " fallback_prompt, keeper, next_block, mint_confirmations, reveal_confirmations)"
        " VALUES (%s, 1, %s, 'Season #{n}', 'a', 'b', %s, 5, 1, 1) RETURNING id",
        (olga.workspace_id, ADDRESS, AUTHOR.address),
    ).fetchone()
    app_conn.execute(
        "INSERT INTO reveal_transactions (workspace_id, collection_id, chain_id, keeper, token_ids,"
        " uris) VALUES (%s, %s, 1, %s, '{1}', '{ipfs://one}')",
        (olga.workspace_id, made, AUTHOR.address),
    )
    said = asked("keeper", made, KEEPER.address, fails=True)
    assert "1 reveals by the keeper that it has are under way" in said
    owner.execute("DELETE FROM reveal_transactions")
    asked("keeper", made, KEEPER.address.lower())
    assert owner.execute("SELECT keeper FROM collections").fetchall() == [(KEEPER.address,)]
    actions = owner.execute("SELECT action, details FROM audit_log").fetchall()
    assert [(each[0], each[1]["keeper"]) for each in actions] == [
        ("collection.keeper_changed", KEEPER.address)
    ]
    assert "no collection" in asked("keeper", NOWHERE, KEEPER.address, fails=True)
    misspelt = KEEPER.address.swapcase().replace("0X", "0x")
    assert "checksum" in asked("keeper", made, misspelt, fails=True)


@pytest.mark.long
def test_collections_are_listed_paused_and_resumed(asked, olga, app_conn, owner):
    assert asked("list") == "there are no collections\n"
    (made,) = app_conn.execute(
        "INSERT INTO collections (workspace_id, chain_id, contract, name_template, default_prompt,"
        " fallback_prompt, next_block, mint_confirmations, reveal_confirmations)"
        " VALUES (%s, 1, %s, 'Season #{n}', 'a', 'b', 5, 1, 1) RETURNING id",
        (olga.workspace_id, ADDRESS),
    ).fetchone()
    asked("pause", made, "--reason", "The season is over.")
    (shown,) = json.loads(asked("list", "--json"))["collections"]
    assert (shown["status"], shown["pause_reason"]) == ("paused", "The season is over.")
    assert "The season is over." in asked("list")
    assert "not allowed" in asked("pause", made, "--reason", "again", fails=True)
    asked("resume", made)
    assert "active" in asked("list")
    assert "no collection" in asked("resume", NOWHERE, fails=True)
    assert "1 to 500" in asked("pause", made, "--reason", " ", fails=True)
    events = owner.execute("SELECT event, actor FROM events ORDER BY id").fetchall()
    assert events[-2:] == [("collection.paused", "operator"), ("collection.resumed", "operator")]
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert actions == [("collection.paused",), ("collection.resumed",)]
