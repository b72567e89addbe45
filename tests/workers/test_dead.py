"""`coffer dead`: work that was given up is shown, retried once, and discarded only on purpose."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.types.json import Jsonb

from sql import queries
from tests.workers.conftest import KIND, kind_of
from tests.workers.test_cli import coffer
from workers import work
from workers.enrich_items import enrich_items
from workers.terminal import letters

WORKSPACE = uuid.uuid4()
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def asked(database, monkeypatch):
    """Runs one of the commands, with two kinds of work: one that revives what it is about, and one
    that does not."""
    monkeypatch.setattr(work, "KINDS", (enrich_items, kind_of(str)))

    def run(*arguments, typed=None):
        return coffer("dead", *map(str, arguments), typed=typed, DATABASE_URL=database.url)

    return run


def bury(owner, *errors, kind=KIND, subject_id=None):
    """Make dead letters, one for each error; returns their ids."""
    return [
        owner.execute(
            "INSERT INTO dead_letters (kind, subject_id, workspace_id, payload, request_id,"
            " traceparent, attempts, error, enqueued_at, died_at) VALUES"
            " (%s, %s, %s, %s, %s, %s, 3, %s, now() - interval '1 hour', now() - interval '90 s')"
            " RETURNING id",
            (
                *(kind, subject_id or uuid.uuid4(), WORKSPACE, Jsonb({"n": error})),
                *(f"request-{error}", TRACE, error),
            ),
        ).fetchone()[0]
        for error in errors
    ]


def left(owner):
    return [row[0] for row in owner.execute("SELECT error FROM dead_letters ORDER BY id")]


def last_line(answer):
    return answer.stdout.splitlines()[-1]


# Seeing


@pytest.mark.long
def test_the_list_is_newest_first_and_says_what_it_leaves_out(asked, owner):
    bury(owner, "a", "b")
    bury(owner, "c", kind="other")
    found = json.loads(asked("list", "--json").stdout)
    assert [letter["error"] for letter in found["dead_letters"]] == ["c", "b", "a"]
    assert found["total"] == 3
    assert found["dead_letters"][0]["died_seconds_ago"] == pytest.approx(90, abs=5)
    of_kind = json.loads(asked("list", "--json", "--kind", KIND, "--limit", 1).stdout)
    assert [letter["error"] for letter in of_kind["dead_letters"]] == ["b"]
    assert of_kind["total"] == 2
    head, row, *_, note = asked("list", "--limit", 1).stdout.splitlines()
    assert head.split() == ["ID", "KIND", "SUBJECT", "ATTEMPTS", "DIED", "ERROR"]
    assert row.endswith("1m 30s ago  c")
    assert note == "These are the last 1 of 3; --limit shows more."


@pytest.mark.long
def test_it_says_so_if_there_are_none(asked):
    for command in (["list"], ["retry", "--all"], ["discard", "--all"]):
        answer = asked(*command)
        assert (answer.exit_code, answer.stdout) == (0, "there are no dead letters\n")


@pytest.mark.long
def test_all_there_is_of_a_letter_is_shown(asked, owner):
    (letter,) = bury(owner, "first line\nsecond line")
    shown = asked("show", letter).stdout
    for value in (letter, KIND, WORKSPACE, "request-first line", TRACE, "first line", '"n": '):
        assert str(value) in shown
    found = json.loads(asked("show", letter, "--json").stdout)
    assert found["payload"] == {"n": "first line\nsecond line"}
    assert (found["id"], found["attempts"]) == (letter, 3)


@pytest.mark.long
def test_a_letter_cannot_steer_the_terminal(asked, owner):
    (letter,) = bury(owner, "before\x1b[2Jafter\x9b31m\rend")
    for answer in (asked("list"), asked("show", letter)):
        assert "after" in answer.stdout
        assert not {"\x1b", "\x9b", "\r"} & set(answer.stdout)


@pytest.mark.long
def test_a_letter_that_is_not_there_is_one_plain_line(asked, owner):
    for command in ("show", "retry", "discard"):
        answer = asked(command, 7)
        assert (answer.exit_code, answer.stderr) == (1, "Error: there is no dead letter 7\n")
    (letter,) = bury(owner, "a")
    answer = asked("retry", letter, 8, 9)
    assert (answer.exit_code, last_line(answer)) == (0, "retried 1 of 1")
    assert answer.stderr == "there is no dead letter 8, 9\n"


# Choosing


@pytest.mark.parametrize("command", ["retry", "discard"])
@pytest.mark.parametrize("chosen", [[], ["1", "--all"], ["--kind", KIND, "--all"]])
def test_nothing_is_done_without_one_clear_choice(asked, owner, command, chosen):
    bury(owner, "a")
    answer = asked(command, *chosen)
    assert answer.exit_code == 2
    assert "give ids, --kind or --all" in answer.stderr
    assert left(owner) == ["a"]


@pytest.mark.long
@pytest.mark.parametrize("command", ["retry", "discard"])
def test_an_empty_kind_does_not_mean_every_kind(asked, owner, command):
    bury(owner, "a")
    assert asked(command, "--kind", "").exit_code != 0
    assert left(owner) == ["a"]


@pytest.mark.long
@pytest.mark.parametrize("command", [["retry"], ["discard", "--yes"]])
def test_letters_are_chosen_by_id_by_kind_or_all_of_them(asked, owner, command):
    one, _ = bury(owner, "a", "b")
    bury(owner, "c", kind="enrich_items")
    asked(*command, one, one)
    assert left(owner) == ["b", "c"]
    asked(*command, "--kind", "enrich_items")
    assert left(owner) == ["b"]
    asked(*command, "--all")
    assert left(owner) == []


# Retrying


def test_a_letter_becomes_new_work_for_the_request_that_asked_for_it(asked, owner):
    (letter,) = bury(owner, "a")
    (subject_id,) = owner.execute("SELECT subject_id FROM dead_letters").fetchone()
    assert last_line(asked("retry", letter)) == "retried 1 of 1"
    (row,) = owner.execute(
        "SELECT kind, subject_id, workspace_id, payload, request_id, traceparent, attempts, claim,"
        " last_error, run_after <= now(), now() - enqueued_at < interval '1 minute' FROM outbox"
    ).fetchall()
    assert row[:6] == (KIND, subject_id, WORKSPACE, {"n": "a"}, "request-a", TRACE)
    assert row[6:] == (0, None, None, True, True)
    assert left(owner) == []


@pytest.mark.long
def test_work_that_is_queued_again_already_stays_as_it_is(asked, owner):
    subject_id = uuid.uuid4()
    bury(owner, "a", subject_id=subject_id)
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, attempts) VALUES (%s, %s, 2)", (KIND, subject_id)
    )
    assert last_line(asked("retry", "--all")) == "retried 1 of 1"
    assert owner.execute("SELECT attempts FROM outbox").fetchall() == [(2,)]
    assert left(owner) == []


def failed_item(make, owner, error="a"):
    item = make.item(status="failed")
    owner.execute("DELETE FROM outbox")
    bury(owner, error, kind="enrich_items", subject_id=item["id"])
    return item


@pytest.mark.long
def test_a_kind_that_revives_moves_its_row_in_the_operators_name_for_the_first_request(
    asked, owner, make
):
    item = failed_item(make, owner)
    assert last_line(asked("retry", "--kind", "enrich_items")) == "retried 1 of 1"
    assert owner.execute("SELECT status FROM items").fetchone() == ("enriching",)
    found = owner.execute("SELECT kind, subject_id, attempts FROM outbox").fetchall()
    assert found == [("enrich_items", item["id"], 0)]
    assert left(owner) == []
    event = "SELECT actor, request_id, to_status FROM events ORDER BY id DESC LIMIT 1"
    assert owner.execute(event).fetchone() == ("operator", "request-a", "enriching")


@pytest.mark.long
def test_where_the_row_no_longer_wants_it_the_letter_goes_and_is_counted(asked, owner, make):
    failed_item(make, owner)
    gone = failed_item(make, owner, "b")
    owner.execute("DELETE FROM items WHERE id = %s", (gone["id"],))
    assert last_line(asked("retry", "--all")) == "retried 1 of 2; 1 no longer needed it"
    assert left(owner) == []
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


def test_a_row_that_the_database_refuses_spoils_nothing_for_the_others(
    asked, owner, effects, monkeypatch
):
    first, *_ = bury(owner, "a", "b", "c")
    subject_id = owner.execute("SELECT subject_id FROM dead_letters ORDER BY id").fetchone()[0]

    def revive(conn, subject):
        conn.execute("INSERT INTO effects VALUES (%s, 'revived')", (subject,))
        if subject == subject_id:
            conn.execute("SELECT 1 / 0")
        return True

    monkeypatch.setattr(work, "KINDS", (kind_of(str, revive=revive),))
    answer = asked("retry", "--all")
    assert (answer.exit_code, last_line(answer)) == (3, "retried 2 of 3; 1 failed")
    assert answer.stderr == f"{first}: division by zero\n"
    assert left(owner) == ["a"]
    assert len(effects()) == 2


@pytest.mark.long
def test_kinds_that_no_worker_knows_are_refused_and_left(asked, owner):
    (letter,) = bury(owner, "a", kind="old")
    for chosen in ([letter], ["--kind", "old"], ["--all"]):
        answer = asked("retry", *chosen)
        assert answer.exit_code == 1
        assert "no worker does old any longer" in answer.stderr
    bury(owner, "b")
    answer = asked("retry", "--all")
    assert (answer.exit_code, last_line(answer)) == (0, "retried 1 of 1")
    assert "no worker does old any longer" in answer.stderr
    assert left(owner) == ["a"]
    assert "no worker does this kind" in asked("show", letter).stdout
    assert last_line(asked("discard", "--kind", "old", "--yes")) == "discarded 1 of 1"


# In bulk


@pytest.mark.long
def test_whatever_stops_it_in_the_middle_nothing_is_lost_and_nothing_repeated(
    asked, owner, effects, monkeypatch
):
    bury(owner, *"abcde")
    calls = []

    def revive(conn, subject):
        calls.append(subject)
        if len(calls) == 4:
            raise KeyboardInterrupt
        conn.execute("INSERT INTO effects VALUES (%s, 'revived')", (subject,))
        return True

    monkeypatch.setattr(work, "KINDS", (kind_of(str, revive=revive),))
    monkeypatch.setattr(letters, "BATCH", 2)
    answer = asked("retry", "--all")
    assert answer.exit_code == 1
    assert answer.stdout.splitlines() == ["retried 2 of 5; 3 left"]
    assert (left(owner), len(effects())) == (["c", "d", "e"], 2)
    assert last_line(asked("retry", "--all")) == "retried 3 of 3"
    assert (left(owner), len(effects())) == ([], 5)


@pytest.mark.long
def test_thousands_are_reported_in_one_line(asked, owner):
    owner.execute(
        "INSERT INTO dead_letters (kind, subject_id, workspace_id, payload, attempts, error,"
        " enqueued_at) SELECT %s, gen_random_uuid(), gen_random_uuid(), '{}', 3, 'x', now()"
        " FROM generate_series(1, 1240)",
        (KIND,),
    )
    assert asked("retry", "--all").stdout == "retried 1,240 of 1,240\n"
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (1240,)


@pytest.mark.parametrize("command", [["retry"], ["discard", "--yes"]])
def test_what_another_operator_holds_is_left_to_them(asked, owner, app_conn, command):
    one, _ = bury(owner, "a", "b")
    with app_conn.transaction():
        queries.dead_letters.hold(app_conn, ids=[one])
        answer = asked(*command, "--all")
    assert last_line(answer).endswith(" 1 of 2; 1 gone, or held by another operator")
    assert left(owner) == ["a"]


@pytest.mark.long
def test_two_operators_at_once_do_nothing_twice(database, owner, effects, monkeypatch):
    bury(owner, *map(str, range(60)))
    monkeypatch.setattr(letters, "BATCH", 3)
    together = threading.Barrier(2)

    def revive(conn, subject):
        conn.execute("INSERT INTO effects VALUES (%s, %s)", (subject, str(subject)))
        return True

    def operate():
        with database.connect(role="app") as conn:
            chosen = letters.choose(conn, (), KIND)
            together.wait(60)
            to_do = [(letters.retry(kind_of(str, revive=revive)), chosen[KIND])]
            return letters.carry_out(conn, "retried", to_do)["done"]

    with ThreadPoolExecutor(2) as operators:
        done = [each.result() for each in [operators.submit(operate), operators.submit(operate)]]
    assert sum(done) == 60
    assert len(effects()) == len(set(effects())) == 60
    assert left(owner) == []


@pytest.mark.long
def test_an_owner_who_retries_meanwhile_waits_for_nobody(database, owner, make, app_conn):
    item = failed_item(make, owner)
    begun = threading.Event()

    def revive(conn, subject):
        begun.set()
        return enrich_items.revive(conn, subject)

    def operate():
        with database.connect(role="app") as conn:
            chosen = letters.choose(conn, (), "enrich_items")
            kind = kind_of(str, revive=revive)
            return letters.carry_out(conn, "retried", [(letters.retry(kind), *chosen.values())])

    with ThreadPoolExecutor(1) as operator:
        with app_conn.transaction():
            app_conn.execute("SET LOCAL lock_timeout = '5s'")
            app_conn.execute("SELECT FROM items WHERE id = %s FOR UPDATE", (item["id"],))
            operating = operator.submit(operate)
            assert begun.wait(60)
            try:
                queries.items.retry(app_conn, id=item["id"])
            except psycopg.errors.DeadlockDetected:
                pytest.fail("the owner and the operator wait for each other")
        counts = operating.result()
    assert (counts["done"], counts["unwanted"], counts["failed"]) == (0, 0, 0)
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


# Discarding


@pytest.mark.long
def test_discarding_asks_first(asked, owner):
    bury(owner, "a", "b")
    answer = asked("discard", "--all", typed="n\n")
    assert answer.exit_code == 1
    assert left(owner) == ["a", "b"]
    answer = asked("discard", "--all", typed="y\n")
    assert last_line(answer) == "discarded 2 of 2"
    assert left(owner) == []
    assert owner.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_discarding_with_nobody_to_ask_does_nothing(asked, owner):
    bury(owner, "a")
    answer = asked("discard", "--all")
    assert answer.exit_code == 1
    assert "Discard 1 dead letter for good?" in answer.stdout
    assert left(owner) == ["a"]
