"""Searching what others have shared: it is found like one's own, and nothing else of theirs."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf


@pytest.fixture
def ben(sign_in):
    """Somebody with another workspace."""
    client = sign_in("ben")
    client.get("/api/quota")  # creates the user
    return client


@pytest.fixture
def put(ana, upload, owner):
    """Uploads a document of Ana's that has been read; gives its id."""

    def make(title, text="", language="en", **fields):
        answer = upload(ana, pdf(title), f"{title}.pdf", title=title, **fields)
        assert answer.status_code == 201, answer.json
        document_id = answer.json["id"]
        (version_id,) = owner.execute(
            "SELECT version_id FROM documents WHERE id = %s", (document_id,)
        ).fetchone()
        text_id = queries.documents.keep_text(
            owner, version_id=version_id, pages=1, ocr_pages=[], text=text, language=language
        )
        queries.documents.save_reading(
            owner,
            id=document_id,
            version_id=version_id,
            text_id=text_id,
            media_type="application/pdf",
            kind="pdf",
            language=language,
            title=None,
            dated_on=None,
        )
        return document_id

    return make


@pytest.fixture
def garden(ana, ben, put):
    """Documents of Ana, two of which are shared with Ben, and one document of Ben's."""
    shared = [
        put("Oak posts", "They have to be ordered before Friday, by phone.", tags="Home garden"),
        put("Zaun", "Die Pfosten der Eiche werden bestellt.", "de", tags="work"),
    ]
    put("Oak secrets", "The phone of the clinic is secret.", tags="Home garden, clinic")
    put("Clinic", "Diagnosis", "fr", tags="clinic")
    for each in shared:
        answer = ana.post(f"/api/documents/{each}/shares", json={"handle": "ben", "level": "view"})
        assert answer.status_code == 201, answer.json
    note = {"source_type": "note", "raw_text": "Oak is hard.", "title": "Oak", "enrich": False}
    ben.post("/api/items", json=note)
    return shared


def found(client, q, **more):
    answer = client.get("/api/search", query_string={"q": q} | more)
    assert answer.status_code == 200, answer.json
    return [each["title"] for each in answer.json["items"]]


def suggested(client, q):
    answer = client.get("/api/search/suggest", query_string={"q": q})
    return [(each["type"], each["text"]) for each in answer.json["items"]]


FOUND = [
    ("oak", {"Oak posts", "Oak"}),
    ("oak ", {"Oak posts", "Oak"}),
    ("oa", {"Oak posts", "Oak"}),
    ("order friday ", {"Oak posts"}),
    ("orders ", {"Oak posts"}),
    ('"oak posts"', {"Oak posts"}),
    ("pfoste ", {"Zaun"}),
    ("eiche OR friday", {"Zaun", "Oak posts"}),
    ("#work", {"Zaun"}),
    ('#"home garden"', {"Oak posts"}),
    ("garden", {"Oak posts"}),
    ("type:document", {"Oak posts", "Zaun"}),
    ("type:pdf is:ready", {"Oak posts", "Zaun"}),
    ("oak -type:document", {"Oak"}),
    ("after:2020", {"Oak posts", "Zaun", "Oak"}),
    ("before:2020", set()),
    ("is:discarded", set()),
    ("phone", {"Oak posts"}),
    ("phone ", {"Oak posts"}),
    # What is not shared, whether by words, beginnings of words, tags or other spellings.
    ("clinic", set()),
    ("clin", set()),
    ("#clinic", set()),
    ("secret", set()),
    ("secrets", set()),
    ("diagnosis", set()),
    ("diagnosys", set()),
    ("clinik", set()),
]


@pytest.mark.long
def test_what_a_sharee_finds(ben, garden, subtests):
    for q, titles in FOUND:
        with subtests.test(q):
            assert set(found(ben, q)) == titles
    by_body = ben.post("/api/search", json={"q": "friday"}).json
    assert by_body == ben.get("/api/search?q=friday").json
    (result,) = by_body["items"]
    assert (result["id"], result["tags"], result["is_shared"]) == (
        garden[0],
        ["Home garden"],
        True,
    )
    assert "<mark>Friday</mark>" in result["snippet"]
    own = ben.get("/api/search?q=hard").json["items"]
    assert [each["is_shared"] for each in own] == [False]


@pytest.mark.long
@pytest.mark.usefixtures("garden")
def test_what_is_suggested_to_a_sharee(ben):
    assert set(suggested(ben, "oa")) == {("item", "Oak"), ("document", "Oak posts")}
    assert suggested(ben, "phone") == [("document", "Oak posts")]
    # Tags belong to their workspace: they find documents, but are not suggested.
    assert suggested(ben, "home") == [("document", "Oak posts")]
    assert suggested(ben, "wor") == [("document", "Zaun")]
    assert suggested(ben, "clin") == suggested(ben, "secr") == []


@pytest.mark.long
@pytest.mark.usefixtures("garden")
def test_pages_of_results_hold_both(ben):
    first = ben.get("/api/search?q=oak&limit=1").json
    second = ben.get("/api/search", query_string={"q": "oak", "cursor": first["next_cursor"]}).json
    titles = [each["title"] for page in (first, second) for each in page["items"]]
    assert sorted(titles) == ["Oak", "Oak posts"]
    assert second["next_cursor"] is None


@pytest.mark.long
def test_nothing_is_found_any_more_once_it_is_not_shared(ana, ben, garden, owner, sign_in):
    elsewhere = {"X-Workspace-Id": ben.post("/api/workspaces", json={"name": "T"}).json["id"]}
    assert ben.get("/api/search?q=friday", headers=elsewhere).json["items"] == []
    assert found(sign_in("cleo"), "friday") == []
    ana.post(f"/api/documents/{garden[0]}/discard")
    assert found(ben, "friday") == found(ben, "friday is:discarded") == []
    ana.post(f"/api/documents/{garden[0]}/restore")
    assert found(ben, "friday") == ["Oak posts"]
    owner.execute("UPDATE shares SET expires_at = now() - interval '1 second'")
    assert found(ben, "friday") == []
    assert found(ben, "oak") == ["Oak"]


@pytest.mark.long
def test_a_folder_is_searched_with_what_is_in_it_now(ana, ben, put):
    folder = ana.post("/api/folders", json={"name": "Letters"}).json["id"]
    inside = put("Beech letter", "Dear Ben", folder_id=folder)
    ana.post(f"/api/folders/{folder}/shares", json={"handle": "ben", "level": "view"})
    assert found(ben, "beech") == ["Beech letter"]
    # Folder names count from the shared folder downwards.
    above = ana.post("/api/folders", json={"name": "House"}).json["id"]
    ana.patch(f"/api/folders/{folder}", json={"parent_id": above})
    ana.patch(f"/api/documents/{inside}", json={"category": "Invoice"})
    for q in ("in:letters", "in:LETTERS beech", "category:invoice", "in:letters category:invoice"):
        assert found(ben, q) == ["Beech letter"]
    for q in ("in:house", "in:house/letters", "in:letters category:bill"):
        assert found(ben, q) == []
    assert found(ana, "in:house/letters") == ["Beech letter"]
    ana.post(f"/api/documents/{inside}/move", json={"folder_id": None})
    assert found(ben, "beech") == []
    alone = put("Elm letter", "Dear Ben", folder_id=above)
    ana.post(f"/api/documents/{alone}/shares", json={"handle": "ben", "level": "view"})
    assert found(ben, "elm") == ["Elm letter"]
    assert found(ben, "elm in:house") == []
