"""Finding tables by their titles, headings and cells."""

from __future__ import annotations

import pytest

from tests.blueprints.extraction import extracted
from tests.sql.test_search_index import assert_true
from webapp.schemas.library.search import SearchPage


@pytest.fixture
def found(ana, app_conn):
    """Searches as somebody, and checks that the index is right; gives the results."""

    def search(q, client=ana):
        answer = client.get("/api/search", query_string={"q": q})
        assert answer.status_code == 200, answer.json
        assert not SearchPage().validate(answer.json)
        assert_true(app_conn)
        return answer.json["items"]

    return search


def ids(results):
    return [each["id"] for each in results]


@pytest.fixture
def budget(app_conn, document):
    """A table over two pages: its id."""
    job_id = extracted.job(app_conn, document)
    made = extracted.table(
        *(app_conn, job_id, {"Ministry": "text", "Amount": "text"}),
        *(["Forestry", "1,200"], ["Fisheries", "3,4OO"]),
        title="Expenditure",
        pages=[7],
    )
    extracted.succeed(app_conn, job_id)
    return str(made)


@pytest.mark.long
@pytest.mark.parametrize(
    "q",
    ["expenditure", "ministry", "fisheries", "fish", '"forestry 1,200"', "type:table forestry "],
)
def test_a_table_is_found_by_title_headings_and_cells(ana, found, budget, document, q):
    (hit,) = found(q)
    assert (hit["type"], hit["kind"], hit["id"]) == ("table", "table", budget)
    assert (hit["title"], hit["page"]) == ("Expenditure", 7)
    assert (hit["document_id"], hit["document_title"]) == (document, "a.pdf")
    assert found("forestry type:document") == []


def test_the_snippet_is_of_the_row(found, budget):
    assert found("fisheries ")[0]["snippet"].startswith("<mark>Fisheries</mark>")


def test_the_snippet_is_of_the_row_with_all_words(app_conn, document, found):
    job_id = extracted.job(app_conn, document)
    rows = [[f"Item 1 of {at}", f"{at}1"] for at in range(150)]
    numbers = [["Rent", "1,300"], ["Heating", "2,250"], ["Water", "1,250"]]
    extracted.table(app_conn, job_id, {"Name": "text", "Amount": "text"}, *rows, *numbers)
    extracted.succeed(app_conn, job_id)
    said = "Water · <mark>1</mark>,<mark>250</mark>"
    assert found("1,250 ")[0]["snippet"] == said
    # No row has both of these.
    assert found("heating 300 ")[0]["snippet"] == "Rent · 1,<mark>300</mark>"


@pytest.mark.long
def test_only_the_latest_run_is_found_once(ana, app_conn, owner, found, budget, document):
    job_id = extracted.job(app_conn, document)
    later = extracted.table(app_conn, job_id, {"Ministry": "text"}, ["Forestry"], pages=[8])
    assert ids(found("forestry")) == [budget]
    extracted.succeed(app_conn, job_id)
    assert ids(found("forestry")) == [str(later)]
    assert found("expenditure") == []
    assert found("forestry")[0]["title"] == "Table 1"
    owner.execute("DELETE FROM jobs WHERE id = %s", (job_id,))
    assert ids(found("forestry")) == [budget]


@pytest.mark.long
def test_a_corrected_text_is_found(ana, found, budget):
    path = f"/api/tables/{budget}/rows/2"
    ana.patch(path, json={"texts": {"amount": "Salmon"}})
    assert ids(found("salmon")) == [budget]
    assert "<mark>Salmon</mark>" in found("salmon")[0]["snippet"]
    ana.patch(path, json={"texts": {"amount": None}})
    assert found("salmon") == []


@pytest.mark.long
def test_a_table_is_where_its_document_is(ana, found, budget, document):
    ana.post(f"/api/documents/{document}/discard")
    assert found("forestry") == []
    assert ids(found("forestry is:discarded")) == [budget]
    ana.post(f"/api/documents/{document}/restore")
    assert ids(found("forestry")) == [budget]
    ana.post(f"/api/documents/{document}/discard")
    ana.delete(f"/api/documents/{document}")
    assert found("forestry is:discarded") == []


@pytest.mark.long
def test_tables_of_shared_documents_are_found_by_sharees_alone(
    ana, sign_in, found, budget, document
):
    ben = sign_in("ben")
    ben.get("/api/quota")  # creates the user
    assert found("forestry", ben) == []
    path = f"/api/documents/{document}/shares"
    share = ana.post(path, json={"handle": "ben", "level": "view"}).json["id"]
    (hit,) = found("forestry", ben)
    assert (hit["id"], hit["is_shared"], hit["document_id"]) == (budget, True, document)
    ana.delete(f"{path}/{share}")
    assert found("forestry", ben) == []
