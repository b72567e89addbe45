"""Extracted tables and their rows over HTTP."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from tests.blueprints.documents.test_documents import document_in
from tests.blueprints.examples import Examples
from tests.blueprints.extraction import extracted
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.schemas.extraction.tables import ExtractedTable, ExtractedTablePage, TableRowPage


def table_in(place):
    conn = place.make.conn
    job_id = extracted.job(conn, place.made.get("document_id") or document_in(place))
    made = extracted.table(conn, job_id, {"Wood": "text"}, ["oak"])
    extracted.succeed(conn, job_id)
    return made


EXAMPLES = Examples(
    things={"table_id": table_in},
    shared={
        "tables.list_of_document": "view",
        **{f"tables.{name}": "view" for name in ("get", "list_rows", "get_row")},
    },
)


def correct(owner, table_id, number, column, text, value):
    """Write a correction as the API does."""
    owner.execute(
        "INSERT INTO cell_corrections (table_id, number, column_index, document_id, text, value,"
        " corrected_by) SELECT id, %s, %s, document_id, %s, %s, (SELECT id FROM users LIMIT 1)"
        " FROM extracted_tables WHERE id = %s",
        (number, column, text, Jsonb(value), table_id),
    )


def ids(answer):
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def test_rows_have_corrections_in_place_and_keep_what_was_read(owner, made):
    table_id = made[1]
    correct(owner, table_id, 1, 1, "10", 10)
    found = owner.execute(
        'SELECT number, texts, "values", mistakes, read_texts, read_values, corrected, doubts'
        "  FROM row_answers(%s) ORDER BY number LIMIT 2",
        (table_id,),
    ).fetchall()
    assert found == [
        (
            *(1, ["Oak", "10", "l"], ["Oak", 10, None], [2]),
            *(["Oak", "1O", "l"], ["Oak", None, None], [1], [2]),
        ),
        (
            *(2, ["Ash", "20", "2"], ["Ash", 20, 2], []),
            *(["Ash", "20", "2"], ["Ash", 20, 2], [], [2]),
        ),
    ]
    (number,) = owner.execute("SELECT number FROM row_answers(%s, 2)", (table_id,)).fetchone()
    assert number == 3


@pytest.mark.long
def test_a_table_is_shown_with_its_origin_and_first_rows(ana, made, document):
    job_id, table_id, other = made
    page = ana.get(f"/api/jobs/{job_id}/tables")
    assert ids(page) == [table_id, other]
    assert not ExtractedTablePage().validate(page.json)
    table = page.json["items"][0]
    assert ana.get(f"/api/tables/{table_id}").json == table
    assert (table["title"], table["pages"], table["row_count"]) == ("Prices", [2, 3], 3)
    assert (table["mistake_count"], table["box"]) == (2, [10, 20, 300, 400])
    assert table["columns"][1] == {"name": "price", "heading": "Price", "type": "integer"}
    assert [row["texts"] for row in table["sample"]][:2] == [["Oak", "1O", "l"], ["Ash", "20", "2"]]
    origin = table["provenance"]
    file = ana.get(f"/api/documents/{document}").json
    assert (origin["job_id"], origin["document_id"]) == (job_id, document)
    assert (origin["sha256"], origin["document_version"]) == (file["sha256"], 1)
    assert origin["configuration_version"] == 1
    assert ExtractedTable().load(table)
    first = ana.get(f"/api/jobs/{job_id}/tables?limit=1").json
    assert ids(ana.get(f"/api/jobs/{job_id}/tables?cursor={first['next_cursor']}")) == [other]


@pytest.mark.long
def test_a_documents_tables_are_those_of_its_latest_job_that_succeeded(
    ana, app_conn, made, document
):
    path = f"/api/documents/{document}/tables"
    second = extracted.job(app_conn, document)
    later = extracted.table(app_conn, second, {"Note": "text"}, ["y"])
    assert ids(ana.get(path)) == made[1:]
    refused = ana.get(f"{path}?job_id={second}")
    assert_problem(refused, 409, "job_results_unavailable")
    assert refused.json["current_status"] == "running"
    assert_problem(ana.get(f"/api/jobs/{second}/tables"), 409, "job_results_unavailable")
    assert_problem(ana.get(f"/api/tables/{later}"), 404, "not_found")
    extracted.succeed(app_conn, second)
    assert ids(ana.get(path)) == [str(later)]
    assert ids(ana.get(f"{path}?job_id={made[0]}")) == made[1:]
    assert_problem(ana.get(f"{path}?job_id={NOWHERE}"), 404, "not_found")


def test_a_document_without_a_job_has_no_tables(ana, document):
    assert ids(ana.get(f"/api/documents/{document}/tables")) == []


@pytest.mark.long
def test_rows_are_paged_and_cells_say_where_they_are_from(ana, owner, made, document):
    path = f"/api/tables/{made[1]}/rows"
    correct(owner, made[1], 1, 1, "10", 10)
    first = ana.get(f"{path}?limit=2").json
    assert [row["number"] for row in first["items"]] == [1, 2]
    assert first["items"][0] == {
        "number": 1,
        "page": 2,
        "texts": ["Oak", "10", "l"],
        "values": ["Oak", 10, None],
        "mistakes": [2],
        "read_texts": ["Oak", "1O", "l"],
    }
    (last,) = ana.get(f"{path}?limit=2&cursor={first['next_cursor']}").json["items"]
    assert (last["number"], last["read_texts"]) == (3, None)
    page = ana.get(f"{path}?provenance=cells").json
    assert not TableRowPage().validate(page)
    oak, ash, empty = [row["cells"] for row in page["items"]]
    sha256 = ana.get(f"/api/documents/{document}").json["sha256"]
    assert oak[1].pop("correction")["corrected_by"] is not None
    assert oak[1] == {
        "column": "price",
        "text": "10",
        "value": 10,
        "page": 2,
        "box": [60, 20, 100, 35],
        "confidence": 1.0,
        "is_mistake": False,
        "is_doubtful": False,
        "read_text": "1O",
        "read_value": None,
        "configuration_version": 1,
        "sha256": sha256,
    }
    assert (oak[2]["is_mistake"], oak[2]["correction"]) == (True, None)
    assert (ash[2]["is_mistake"], ash[2]["is_doubtful"], ash[2]["confidence"]) == (
        *(False, True),
        pytest.approx(0.4),
    )
    assert empty[0]["box"] is None
    assert ana.get(f"{path}/1").json["cells"][0]["text"] == "Oak"
    for number in (0, 4, 2**40):
        assert_problem(ana.get(f"{path}/{number}"), 404, "not_found")


@pytest.mark.long
def test_those_whom_the_document_is_shared_with_read_its_tables(
    ana, sign_in, owner, made, document
):
    ben = sign_in("ben")
    paths = [f"/api/documents/{document}/tables", f"/api/tables/{made[1]}"]
    paths += [f"/api/tables/{made[1]}/rows", f"/api/tables/{made[1]}/rows/1"]
    for path in paths:
        assert_problem(ben.get(path), 404, "not_found")
    correct(owner, made[1], 1, 1, "10", 10)
    ana.post(f"/api/documents/{document}/shares", json={"handle": "ben", "level": "view"})
    assert ids(ben.get(paths[0])) == made[1:]
    assert all(ben.get(path).status_code == 200 for path in paths)
    assert ben.get(paths[3]).json["cells"][1]["correction"]["corrected_by"] is None
    assert_problem(ben.get(f"/api/jobs/{made[0]}/tables"), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "status", "code", "fields"),
    [
        ({"limit": 1001}, 422, "invalid_input", ["limit"]),
        ({"provenance": "rows"}, 422, "invalid_input", ["provenance"]),
        ({"cursor": "OTk5OTk5OTk5OTk5"}, 400, "invalid_cursor", []),
    ],
)
def test_what_makes_no_sense_is_refused(ana, made, query, status, code, fields):
    answer = ana.get(f"/api/tables/{made[1]}/rows", query_string=query)
    assert_problem(answer, status, code, *fields)
