"""Corrections of cells: kept beside what was read, and taken over by later runs."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from tests.blueprints.examples import Examples
from tests.blueprints.extraction import extracted
from tests.blueprints.extraction.conftest import COLUMNS, ROWS
from tests.blueprints.test_bad_input import assert_problem

EXAMPLES = Examples(
    bodies={"corrections.change": {"texts": {"wood": "ash"}}},
    shared={"corrections.change": "write"},
)


@pytest.fixture
def row(made):
    """The address of the first row."""
    return f"/api/tables/{made[1]}/rows/1"


def texts(client, table_id):
    return [row["texts"] for row in client.get(f"/api/tables/{table_id}/rows").json["items"]]


def counts(client, table_id):
    table = client.get(f"/api/tables/{table_id}").json
    return table["mistake_count"], table["doubt_count"]


def test_a_correction_counts_and_what_was_read_is_kept_beside_it(ana, made, row):
    assert counts(ana, made[1]) == (2, 3)
    answer = ana.patch(row, json={"texts": {"price": " 10 ", "tax": "1"}})
    assert answer.status_code == 200, answer.json
    found = answer.json
    assert (found["texts"], found["values"]) == (["Oak", " 10 ", "1"], ["Oak", 10, 1])
    assert (found["read_texts"], found["mistakes"]) == (["Oak", "1O", "l"], [])
    price = found["cells"][1]
    assert (price["text"], price["value"]) == (" 10 ", 10)
    assert (price["read_text"], price["read_value"]) == ("1O", None)
    assert price["correction"]["corrected_at"]
    assert not price["correction"]["is_carried"]
    assert counts(ana, made[1]) == (0, 1)


@pytest.mark.long
def test_a_correction_can_be_taken_back_and_changed(ana, owner, made, row):
    before = ana.get(row).json
    ana.patch(row, json={"texts": {"price": "10", "item": "Ash"}})
    ana.patch(row, json={"texts": {"price": "11"}})
    assert ana.get(row).json["values"] == ["Ash", 11, None]
    assert ana.patch(row, json={"texts": {"price": None, "item": None}}).json == before
    assert counts(ana, made[1]) == (2, 3)
    told = owner.execute(
        "SELECT payload, actor FROM events WHERE event = 'job.corrected' AND entity_id = %s"
        " ORDER BY id",
        (made[0],),
    ).fetchall()
    assert [payload["columns"] for payload, _ in told] == [
        ["item", "price"],
        ["price"],
        ["item", "price"],
    ]
    assert set(told[0][0]) == {"table_id", "row", "columns"}
    ana.patch(row, json={"texts": {"price": None}})
    assert owner.execute(
        "SELECT count(*) FROM events WHERE event = 'job.corrected'"
    ).fetchone() == (3,)


def test_the_same_text_as_read_says_that_it_is_right(ana, made):
    path = f"/api/tables/{made[1]}/rows/2"
    cell = ana.patch(path, json={"texts": {"tax": "2"}}).json["cells"][2]
    assert (cell["is_doubtful"], cell["correction"] is None) == (False, False)
    assert counts(ana, made[1]) == (2, 2)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"texts": {"price": "ten"}}, ["texts.price"]),
        ({"texts": {"price": "1.5", "tax": "x", "item": "y"}}, ["texts.price", "texts.tax"]),
        ({"texts": {"colour": "red"}}, ["texts.colour"]),
        ({"texts": {}}, ["texts"]),
        ({"texts": {"price": 10}}, ["texts.price"]),
        ({"texts": {"item": "x" * 10_001}}, ["texts.item"]),
        ({}, ["texts"]),
    ],
)
def test_what_is_not_of_the_columns_type_is_refused(ana, row, body, fields):
    before = ana.get(row).json
    assert_problem(ana.patch(row, json=body), 422, "invalid_input", *fields)
    assert ana.get(row).json == before


@pytest.mark.long
def test_of_two_correctors_at_once_the_second_is_told(ana, row):
    seen = ana.get(row).headers["ETag"]
    first = ana.patch(row, json={"texts": {"price": "10"}}, headers={"If-Match": seen})
    assert first.status_code == 200
    second = ana.patch(row, json={"texts": {"price": "11"}}, headers={"If-Match": seen})
    assert_problem(second, 412, "precondition_failed")
    assert_problem(ana.patch(row[:-1] + "9", json={"texts": {"price": "1"}}), 404, "not_found")


@pytest.mark.long
def test_those_who_may_edit_the_document_correct_its_tables(ana, sign_in, document, row):
    ben = sign_in("ben")
    ben.get("/api/quota")  # creates the user
    body = {"texts": {"price": "10"}}
    assert_problem(ben.patch(row, json=body), 404, "not_found")
    path = f"/api/documents/{document}/shares"
    share = ana.post(path, json={"handle": "ben", "level": "view"}).json["id"]
    assert_problem(ben.patch(row, json=body), 403, "share_forbids")
    ana.delete(f"{path}/{share}")
    ana.post(path, json={"handle": "ben", "level": "write"})
    assert ben.patch(row, json=body).json["values"][1] == 10


@pytest.fixture
def run_again(app_conn, document):
    """Runs another job on the document, with a table; gives the table's id."""

    def run(columns, *rows):
        job_id = extracted.job(app_conn, document)
        made = extracted.table(app_conn, job_id, columns, *rows)
        extracted.succeed(app_conn, job_id)
        return made

    return run


@pytest.mark.long
def test_a_later_run_takes_corrections_over_where_the_cell_is_the_same(ana, run_again, made, row):
    ana.patch(row, json={"texts": {"price": "10", "tax": "1"}})
    # A row above, and a mistake that is read rightly now.
    again = run_again(COLUMNS, ["Elm", ("30", 30), ("3", 3)], *ROWS)
    assert texts(ana, again)[:2] == [["Elm", "30", "3"], ["Oak", "10", "1"]]
    assert counts(ana, again) == (0, 1)
    cell = ana.get(f"/api/tables/{again}/rows/2").json["cells"][1]
    assert (cell["value"], cell["correction"]["is_carried"]) == (10, True)
    # The earlier run's table stays as it was.
    assert texts(ana, made[1])[0] == ["Oak", "10", "1"]
    # What is taken back does not come back.
    ana.patch(f"/api/tables/{again}/rows/2", json={"texts": {"tax": None}})
    third = run_again(COLUMNS, *ROWS)
    assert texts(ana, third)[0] == ["Oak", "10", "l"]


@pytest.mark.long
def test_a_run_in_which_the_cell_is_not_there_does_not_lose_its_correction(ana, run_again, row):
    ana.patch(row, json={"texts": {"price": "10"}})
    other = run_again(COLUMNS, ["Oak", ("12", 12), ("l", ...)])
    assert texts(ana, other) == [["Oak", "12", "l"]]
    assert texts(ana, run_again(COLUMNS, *ROWS))[0] == ["Oak", "10", "l"]


@pytest.mark.long
def test_columns_may_come_go_and_change_their_type(ana, run_again, row):
    ana.patch(row, json={"texts": {"price": "10", "tax": "1"}})
    columns = {"Colour": "text", "Price": "decimal", "Item": "text"}
    again = run_again(columns, ["red", ("1O", ...), "Oak"], ["red", ("20", "20"), "Ash"])
    (first, _) = ana.get(f"/api/tables/{again}/rows").json["items"]
    assert (first["values"], first["mistakes"]) == (["red", "10", "Oak"], [])
    columns["Price"] = "date"
    again = run_again(columns, ["red", ("1O", ...), "Oak"])
    (first,) = ana.get(f"/api/tables/{again}/rows").json["items"]
    assert (first["texts"], first["values"]) == (["red", "10", "Oak"], ["red", None, "Oak"])
    assert first["mistakes"] == [1]


@pytest.mark.long
def test_of_rows_that_are_alike_the_same_one_is_meant_or_none(ana, run_again, made):
    rows = [["Oak", ("1O", ...), ("1", 1)]] * 2
    twice = run_again(COLUMNS, *rows)
    ana.patch(f"/api/tables/{twice}/rows/2", json={"texts": {"price": "10"}})
    again = run_again(COLUMNS, ["Elm", ("30", 30), ("3", 3)], *rows)
    assert [row[1] for row in texts(ana, again)] == ["30", "1O", "10"]
    third = run_again(COLUMNS, *rows, rows[0])
    assert [row[1] for row in texts(ana, third)] == ["1O", "1O", "1O"]


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ("10", "integer", 10),
        ("-1.50", "decimal", "-1.50"),
        ("2028-02-29", "date", "2028-02-29"),
        ("2026-02-29", "date", None),
        ("0000-00-00", "date", None),
        ("yes", "boolean", None),
        (None, "decimal", None),
    ],
)
def test_a_corrected_text_is_read_anew_where_a_column_has_another_type(
    owner, value, type_, expected
):
    asked = "SELECT carried_value(%s, 'text', %s)"
    assert owner.execute(asked, (Jsonb(value), type_)).fetchone() == (expected,)
