"""Public links to folders: a page of JSON and a feed of what is meant for everybody."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from tests.blueprints.test_bad_input import assert_problem

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def folder(olga):
    """Makes a folder; gives its id."""

    def make(name, parent=None):
        answer = olga.client.post("/api/folders", json={"name": name, "parent_id": parent})
        return answer.json["id"]

    return make


@pytest.fixture
def link(olga):
    """Makes a link to a folder; gives its path."""

    def make(folder_id, **new):
        answer = olga.client.post(f"/api/folders/{folder_id}/links", json=new)
        assert answer.status_code == 201, answer.json
        assert answer.headers["Cache-Control"] == "no-store"
        return urlsplit(answer.json["url"]).path

    return make


@pytest.fixture
def item(olga):
    """Captures a page, confirmed at once; gives its id."""

    def make(title="The oak posts", **more):
        body = {"source_type": "article", "source_url": "https://example.com/a", "enrich": False}
        body |= {"title": title, "allow_duplicate": True} | more
        answer = olga.client.post("/api/items", json=body)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    return make


def titles(client, path, **query):
    answer = client.get(f"{path}/items", query_string=query)
    assert answer.status_code == 200, answer.json
    return [each["title"] for each in answer.json["items"]]


def entries(client, path):
    answer = client.get(f"{path}/feed")
    assert (answer.status_code, answer.mimetype) == (200, "application/atom+xml")
    return ET.fromstring(answer.data)


def test_anybody_with_the_address_reads_what_is_meant_for_everybody(
    client, olga, folder, link, item, owner
):
    blog = folder("Blog & more")
    below = folder("Below", blog)
    made = item("One", folder_ids=[blog, below], tags=["oak"], raw_text="my own thoughts")
    olga.client.patch(f"/api/items/{made}", json={"summary": "About <oaks>"})
    owner.execute("UPDATE items SET error = 'secret', author = 'Jane', content = 'the whole page'")
    item("Below", folder_ids=[below])
    item("Elsewhere")
    item("Waiting", folder_ids=[blog], enrich=True)
    gone = item("Gone", folder_ids=[blog])
    olga.client.patch(f"/api/items/{gone}", json={"action": "discard"})
    path = link(blog)
    shown = client.get(path).json
    assert shown == {
        "type": "folder",
        "name": "Blog & more",
        "bytes": None,
        "media_type": None,
        "needs_password": False,
        "expires_at": None,
    }
    answer = client.get(f"{path}/items")
    assert answer.json["name"] == "Blog & more"
    below_item, one = answer.json["items"]
    assert below_item["title"] == "Below"
    assert one == {
        "id": made,
        "title": "One",
        "source_url": "https://example.com/a",
        "summary": "About <oaks>",
        "author": "Jane",
        "tags": ["oak"],
        "published_at": None,
        "created_at": one["created_at"],
    }
    for each in (answer, client.get(f"{path}/feed")):
        assert each.headers["Cache-Control"] == "private, no-cache"
        assert each.headers["X-Robots-Tag"] == "noindex"
        for private in ("secret", "my own", "whole page", "olga", str(olga.workspace_id)):
            assert private not in each.text


def test_the_feed_has_what_atom_requires(client, olga, folder, link, item):
    blog = folder("Blog")
    nasty = "<b>\x01\x0b & \"'\ufffe]]>\U0001f333"
    first = item(nasty, folder_ids=[blog], tags=['a"<&'], source_url="https://example.com/?a=1&b=2")
    note = {"source_type": "note", "source_url": None, "raw_text": "private text"}
    second = item("A note", folder_ids=[blog], **note)
    path = link(blog)
    root = entries(client, path)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    assert root.findtext(f"{ATOM}id") == f"urn:uuid:{blog}"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Blog"
    (own,) = root.findall(f"{ATOM}link[@rel='self']")
    assert urlsplit(own.get("href")).path == f"{path}/feed"
    found = root.findall(f"{ATOM}entry")
    assert [each.findtext(f"{ATOM}id") for each in found] == [
        f"urn:uuid:{second}",
        f"urn:uuid:{first}",
    ]
    for entry in found:
        assert entry.findtext(f"{ATOM}title")
        for name in ("updated", "published"):
            moment = datetime.fromisoformat(entry.findtext(f"{ATOM}{name}"))
            assert moment.utcoffset().total_seconds() == 0
        leads = entry.find(f"{ATOM}link[@rel='alternate']") is not None
        assert leads or entry.findtext(f"{ATOM}content")
    text, page = found
    assert text.findtext(f"{ATOM}content") == "A note"
    assert page.findtext(f"{ATOM}title") == nasty.translate(
        dict.fromkeys((0x01, 0x0B, 0xFFFE), "\ufffd")
    )
    assert page.find(f"{ATOM}category").get("term") == 'a"<&'
    assert page.find(f"{ATOM}link").get("href") == "https://example.com/?a=1&b=2"
    updated = root.findtext(f"{ATOM}updated")
    assert updated == max(each.findtext(f"{ATOM}updated") for each in found)


def test_what_is_unchanged_is_not_sent_again(client, olga, folder, link, item):
    blog = folder("Blog")
    made = item("One", folder_ids=[blog])
    path = link(blog)
    for name in ("items", "feed"):
        at = f"{path}/{name}"
        first = client.get(at)
        known = {"If-None-Match": first.headers["ETag"]}
        # What is its owner's alone changes nothing.
        olga.client.patch(f"/api/items/{made}", json={"is_read": True, "is_favourite": True})
        again = client.get(at, headers=known)
        assert (again.status_code, again.data) == (304, b"")
        olga.client.patch(f"/api/items/{made}", json={"title": f"Now {name}"})
        changed = client.get(at, headers=known)
        assert changed.status_code == 200
        assert f"Now {name}" in changed.text


def test_an_old_item_that_is_put_there_is_new_in_the_feed(client, owner, olga, folder, link, item):
    made = item("Old")
    owner.execute("UPDATE items SET created_at = '2020-01-01T00:00:00Z', confirmed_at = created_at")
    blog = folder("Blog")
    olga.client.put(f"/api/folders/{blog}/items/{made}")
    entry = entries(client, link(blog)).find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}published") == "2020-01-01T00:00:00Z"
    assert entry.findtext(f"{ATOM}updated") > "2026"


def test_json_is_paged_and_the_feed_ends(client, folder, link, owner, olga):
    blog = folder("Blog")
    owner.execute(
        "WITH made AS (INSERT INTO items (workspace_id, created_by, source_type, raw_text, title,"
        " status, confirmed_at) SELECT %(workspace)s, %(user)s, 'note', 'x', n::text, 'confirmed',"
        " now() FROM generate_series(1, 105) AS n RETURNING id)"
        " INSERT INTO folder_items (workspace_id, folder_id, item_id)"
        " SELECT %(workspace)s, %(folder)s, id FROM made",
        {"workspace": olga.workspace_id, "user": olga.id, "folder": blog},
    )
    path = link(blog)
    first = client.get(f"{path}/items", query_string={"limit": 100}).json
    rest = titles(client, path, cursor=first["next_cursor"])
    assert len({each["title"] for each in first["items"]} | set(rest)) == 105
    assert len(entries(client, path).findall(f"{ATOM}entry")) == 100


def assert_dead(client, path):
    """Check that the answers are the same as for a link that never existed."""
    for what in ("", "/items", "/feed", "/download", "/preview"):
        answers = [client.get(f"{each}{what}") for each in (path, "/api/links/unknown")]
        for answer in answers:
            assert_problem(answer, 404, "not_found")
        one, other = ({**answer.json, "requestId": None} for answer in answers)
        assert one == other


@pytest.mark.long
def test_links_are_listed_ended_and_expire(client, olga, folder, link, owner):
    blog = folder("Blog")
    first, second, third = (link(blog) for _ in range(3))
    assert client.get(f"{first}/items").status_code == 200
    at = f"/api/folders/{blog}/links"
    *_, oldest = olga.client.get(at).json["items"]
    assert oldest["last_used_at"] is not None
    assert not {"url", "token_hash", "password_hash"} & oldest.keys()
    assert olga.client.delete(f"{at}/{oldest['id']}").status_code == 204
    assert_dead(client, first)
    assert client.get(f"{second}/feed").status_code == 200
    owner.execute("UPDATE links SET expires_at = now() - interval '1 second'")
    assert_dead(client, second)
    owner.execute("UPDATE links SET expires_at = NULL")
    assert olga.client.delete(f"/api/folders/{blog}").status_code == 204
    assert_dead(client, third)


@pytest.mark.long
def test_a_link_to_a_folder_has_no_file(client, folder, link):
    path = link(folder("Blog"))
    for what in ("download", "preview"):
        assert_problem(client.get(f"{path}/{what}"), 404, "not_found")


@pytest.mark.long
def test_a_password_is_asked_for(client, folder, link, item):
    blog = folder("Blog")
    item(folder_ids=[blog])
    path = link(blog, password="oak posts")
    assert client.get(path).json["needs_password"] is True
    for what in ("items", "feed"):
        at = f"{path}/{what}"
        assert_problem(client.get(at), 401, "link_password_required")
        for password, status in (("beech", 401), ("oak posts", 200)):
            given = b64encode(f"x:{password}".encode()).decode()
            answer = client.get(at, headers={"Authorization": f"Basic {given}"})
            assert answer.status_code == status


@pytest.mark.long
def test_a_link_to_a_document_has_no_items(client, olga, upload):
    document = upload(olga.client).json["id"]
    url = olga.client.post(f"/api/documents/{document}/links", json={}).json["url"]
    path = urlsplit(url).path
    assert client.get(path).json["type"] == "document"
    for what in ("items", "feed"):
        assert_problem(client.get(f"{path}/{what}"), 404, "not_found")


@pytest.mark.long
def test_another_workspace_is_never_shown(client, olga, people, folder, link, owner):
    """Not even if the database had let something of it into the folder."""
    otto = people.person("otto")
    theirs = otto.client.post("/api/folders", json={"name": "Theirs"}).json["id"]
    answer = olga.client.post(f"/api/folders/{theirs}/links", json={})
    assert_problem(answer, 404, "not_found")
    body = {"source_type": "note", "raw_text": "x", "enrich": False, "folder_ids": [theirs]}
    otto.client.post("/api/items", json=body)
    assert titles(client, link(folder("Mine"))) == []


def test_what_was_put_there_last_comes_first(client, olga, folder, link, item):
    """Not what was captured last; what is in several folders stays where it was first."""
    blog = folder("Blog")
    below = folder("Below", blog)
    made = {name: item(name) for name in ("one", "two", "three", "four")}
    for name, where in (("three", blog), ("one", below), ("four", blog), ("two", blog)):
        olga.client.put(f"/api/folders/{where}/items/{made[name]}")
    olga.client.put(f"/api/folders/{blog}/items/{made['one']}")
    path = link(blog)
    assert titles(client, path) == ["two", "four", "one", "three"]
    found = [each.findtext(f"{ATOM}title") for each in entries(client, path).iter(f"{ATOM}entry")]
    assert found == ["two", "four", "one", "three"]
    paged, cursor = [], None
    while cursor or not paged:
        query = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        answer = client.get(f"{path}/items", query_string=query).json
        paged += [each["title"] for each in answer["items"]]
        cursor = answer["next_cursor"]
    assert paged == ["two", "four", "one", "three"]


def test_a_cursor_that_is_none_is_refused(client, folder, link):
    path = link(folder("Blog"))
    for text in ("9" * 18 + " " + str(UUID(int=0)), "1", "x " + str(UUID(int=0)), "1 x", "-1 x"):
        cursor = b64encode(text.encode()).decode().rstrip("=")
        answer = client.get(f"{path}/items", query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor"), text
