"""Finding documents: by words anywhere in a long text, by category and by folder."""

from __future__ import annotations

from datetime import date

import pytest

from sql import queries


@pytest.fixture
def written(ana, app_conn, upload):
    """Makes documents that seem to have been read, with a text."""

    def write(text, *, name="letter.pdf", **fields):
        document = upload(ana, f"%PDF-1.7\n{name}\n%%EOF\n".encode(), name, **fields).json
        version_id = app_conn.execute(
            "SELECT version_id FROM documents WHERE id = %s", (document["id"],)
        ).fetchone()[0]
        with app_conn.transaction():
            app_conn.execute("SELECT set_config('coffer.actor', 'worker:read_documents', true)")
            text_id = queries.documents.keep_text(
                app_conn,
                version_id=version_id,
                pages=text.count("\f") + 1,
                ocr_pages=[],
                text=text,
                language="en",
            )
            queries.documents.save_reading(
                app_conn,
                id=document["id"],
                version_id=version_id,
                media_type="application/pdf",
                kind="pdf",
                text_id=text_id,
                language="en",
                title=None,
                dated_on=date(2026, 1, 1),
            )
        return document["id"]

    return write


@pytest.fixture
def found(ana):
    """The names of the documents that a query finds."""

    def names(query):
        answer = ana.get("/api/search", query_string={"q": query})
        assert answer.status_code == 200, answer.json
        return sorted(each["title"] for each in answer.json["items"])

    return names


@pytest.mark.long
def test_a_category_narrows_a_search_however_it_is_written(ana, written, found):
    tax = written("About the oak.", name="tax.pdf", category="Tax Return")
    written("About the oak.", name="other.pdf", category="Tax")
    assert found('category:"tax return" oak') == ["tax.pdf"]
    assert found("oak -category:TAX") == ["tax.pdf"]
    assert found("category:tax OR category:none") == ["other.pdf"]
    ana.patch(f"/api/documents/{tax}", json={"category": "Tax"})
    assert found("category:tax") == ["other.pdf", "tax.pdf"]
    assert found('category:"tax return"') == []


@pytest.mark.long
def test_a_folder_contains_what_is_in_the_folders_in_it(ana, written, found):
    def folder(name, parent_id=None):
        return ana.post("/api/folders", json={"name": name, "parent_id": parent_id}).json["id"]

    taxes = folder("Taxes")
    year = folder("2025", taxes)
    other = folder("2025")
    written("oak", name="all.pdf", folder_id=taxes)
    inner = written("oak", name="year.pdf", folder_id=year)
    written("oak", name="other.pdf", folder_id=other)
    assert found("in:taxes oak") == ["all.pdf", "year.pdf"]
    assert found("in:2025") == ["other.pdf", "year.pdf"]
    assert found("in:Taxes/2025") == ["year.pdf"]
    assert found("oak -in:taxes") == ["other.pdf"]
    assert found("in:nowhere") == found("in:%") == found("in:/") == []

    ana.patch(f"/api/folders/{year}", json={"parent_id": None, "name": "Past"})
    assert found("in:taxes") == ["all.pdf"]
    assert found("in:past") == ["year.pdf"]
    ana.post(f"/api/documents/{inner}/move", json={"folder_id": taxes})
    assert found("in:taxes") == ["all.pdf", "year.pdf"]


@pytest.mark.long
def test_others_folders_mean_nothing(sign_in, written, found):
    sign_in("ben").post("/api/folders", json={"name": "Secret"})
    written("oak")
    assert found("in:secret") == []


@pytest.mark.long
def test_a_word_near_the_end_of_a_book_is_found_with_its_page(ana, written):
    pages = [f"Page {number} tells of nothing but rain and fields. " * 40 for number in range(500)]
    pages[399] += "Then a wheelbarrow appeared."
    written("\f".join(pages), name="book.pdf")
    (hit,) = ana.get("/api/search?q=wheelbarrows").json["items"]
    assert hit["page"] == 400
    assert "<mark>wheelbarrow</mark>" in hit["snippet"]


@pytest.mark.long
def test_a_word_at_the_end_of_one_long_page_is_shown(ana, written):
    written("Rain on the fields. " * 50_000 + "A wheelbarrow.", name="log.txt")
    (hit,) = ana.get("/api/search?q=wheelbarrow").json["items"]
    assert hit["page"] == 1
    assert "<mark>wheelbarrow</mark>" in hit["snippet"]


@pytest.mark.long
def test_a_text_with_more_words_than_the_index_takes_is_kept_and_found(ana, written, found):
    beyond = " ".join(f"word{number:x}" for number in range(150_000, 350_000))
    written(f"A wheelbarrow. {beyond}", name="dump.txt")
    assert found("wheelbarrow") == ["dump.txt"]


@pytest.mark.long
def test_an_edit_of_a_long_document_does_not_parse_it_again(owner, ana, written):
    document = written("Rain on the fields. " * 5_000)
    owner.execute("UPDATE document_texts SET words = 'kept'::tsvector")
    ana.patch(f"/api/documents/{document}", json={"title": "Rain"})
    vector = owner.execute("SELECT vector FROM search_entries").fetchone()[0]
    assert "'kept'" in vector
