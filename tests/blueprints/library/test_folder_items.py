"""Items in folders: in several at once, put there in every way, listed and found there."""

from __future__ import annotations

import threading
import uuid

import psycopg
import pytest

from sql import queries
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from tests.processes import eventually

FOLDERS, ITEMS = "/api/folders", "/api/items"
WAITING = (
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE datname = current_database() AND NOT granted"
)

EXAMPLES = Examples(
    shared={"folder_items.put": "own", "folder_items.take": "own"},
)


@pytest.fixture
def folder(olga):
    """Makes folders with these names, each inside the one before; gives the id of the last."""

    def make(*names, parent=None, client=olga.client):
        for name in names:
            answer = client.post(FOLDERS, json={"name": name, "parent_id": parent})
            assert answer.status_code == 201, answer.json
            parent = answer.json["id"]
        return parent

    return make


@pytest.fixture
def item(olga):
    """Captures a note, confirmed at once; gives its answer."""

    def make(text="The oak posts", client=olga.client, **more):
        body = {"source_type": "note", "raw_text": text, "enrich": False}
        answer = client.post(ITEMS, json=body | more)
        assert answer.status_code == 201, answer.json
        return answer.json

    return make


def paths(client, item_id):
    return [each["path"] for each in client.get(f"{ITEMS}/{item_id}").json["folders"]]


def in_library(client, **query):
    answer = client.get("/api/library", query_string=query)
    assert answer.status_code == 200, answer.json
    return [each["id"] for each in answer.json["items"]]


def edits(client, item_id):
    events = client.get(f"{ITEMS}/{item_id}/events").json["items"]
    return [each["payload"]["fields"] for each in events if each["event"] == "item.edited"]


def test_an_item_is_put_into_several_folders_and_taken_out(olga, folder, item):
    deep, home = folder("Work", "Deep"), folder("Home")
    made = item(folder_ids=[home])
    assert [each["path"] for each in made["folders"]] == [["Home"]]
    at = f"{FOLDERS}/{deep}/items/{made['id']}"
    for _ in range(2):
        answer = olga.client.put(at)
        assert answer.status_code == 200
        assert answer.json["folders"] == [
            {"id": home, "path": ["Home"]},
            {"id": deep, "path": ["Work", "Deep"]},
        ]
    assert olga.client.get(f"{FOLDERS}/{deep}").json["items"] == 1
    for _ in range(2):
        assert olga.client.delete(at).status_code == 204
    assert paths(olga.client, made["id"]) == [["Home"]]
    assert edits(olga.client, made["id"]) == [["add_folder_ids"], ["remove_folder_ids"]]


def test_a_change_says_exactly_which_folders_it_is_in(olga, folder, item):
    one, two = folder("One"), folder("Two")
    made = item(folder_ids=[one])
    at = f"{ITEMS}/{made['id']}"
    moved = olga.client.patch(at, json={"folder_ids": [two]}).json
    assert [each["id"] for each in moved["folders"]] == [two]
    assert moved["updated_at"] > made["updated_at"]
    assert olga.client.patch(at, json={"title": "x"}).json["folders"] == moved["folders"]
    assert olga.client.patch(at, json={"folder_ids": []}).json["folders"] == []
    assert edits(olga.client, made["id"]) == [["folder_ids"], ["title"], ["folder_ids"]]


def test_many_are_moved_at_once(olga, folder, item):
    one, two = folder("One"), folder("Two")
    ids = [item(f"note {n}", folder_ids=[one])["id"] for n in range(3)]
    gone = item("gone")["id"]
    olga.client.patch(f"{ITEMS}/{gone}", json={"action": "discard"})
    change = {"ids": [*ids, gone], "add_folder_ids": [two, two], "remove_folder_ids": [one]}
    answer = olga.client.post(f"{ITEMS}/bulk", json=change)
    assert [each["result"] for each in answer.json["items"]] == [*["done"] * 3, "not_allowed"]
    assert in_library(olga.client, folder_id=two) == ids[::-1]
    assert in_library(olga.client, folder_id=one) == []
    assert edits(olga.client, ids[0]) == [["add_folder_ids", "remove_folder_ids"]]


@pytest.mark.long
def test_items_are_listed_by_folder_with_those_below_if_asked(olga, folder, item):
    top = folder("Top")
    below = folder("Below", parent=top)
    both = item("both", folder_ids=[top, below])["id"]
    deep = item("deep", folder_ids=[below], tags=["oak"])["id"]
    item("elsewhere")
    assert in_library(olga.client, folder_id=top) == [both]
    assert in_library(olga.client, folder_id=top, recursive="true") == [deep, both]
    assert in_library(olga.client, folder_id=top, recursive="true", tag="oak") == [deep]
    first = olga.client.get(
        "/api/library", query_string={"folder_id": top, "recursive": "true", "limit": 1}
    ).json
    again = {"folder_id": top, "recursive": "true", "cursor": first["next_cursor"]}
    assert in_library(olga.client, **again) == [both]
    pending = item("pending", folder_ids=[below], enrich=True)["id"]
    for query, expected in (({}, []), ({"recursive": "true"}, [pending])):
        listed = olga.client.get(f"{ITEMS}/pending", query_string={"folder_id": top, **query}).json
        assert [each["id"] for each in listed["items"]] == expected
        assert listed["total"] == len(expected)
    shown = olga.client.get(f"{FOLDERS}/{below}").json
    assert (shown["items"], shown["documents"]) == (3, 0)


@pytest.mark.long
def test_search_finds_them_in_their_folders(olga, folder, item):
    work = folder("Work")
    deep = folder("Deep", parent=work)
    held = item("The oak posts", folder_ids=[deep])["id"]
    item("The oak elsewhere")

    def found(query):
        rows = olga.client.get("/api/search", query_string={"q": query}).json["items"]
        return {each["id"] for each in rows}

    assert found("oak in:work") == found("oak in:work/deep") == {held}
    other = folder("Other")
    olga.client.patch(f"{ITEMS}/{held}", json={"folder_ids": [other]})
    assert found("in:deep") == set()
    # A change of its text leaves it where it is.
    olga.client.patch(f"{ITEMS}/{held}", json={"raw_text": "The ash posts"})
    assert found("ash in:other") == {held}
    assert olga.client.delete(f"{FOLDERS}/{other}").status_code == 204
    assert found("in:other") == set()
    assert found("ash") == {held}


def test_deleting_a_folder_leaves_its_items(olga, folder, item):
    top = folder("Top")
    below = folder("Below", parent=top)
    made = item(folder_ids=[below])
    gone = item("gone", folder_ids=[below])["id"]
    olga.client.patch(f"{ITEMS}/{gone}", json={"action": "discard"})
    before = olga.client.get(f"{ITEMS}/{gone}").json["updated_at"]
    assert olga.client.delete(f"{FOLDERS}/{top}").status_code == 204
    shown = olga.client.get(f"{ITEMS}/{made['id']}").json
    assert (shown["status"], shown["folders"]) == ("confirmed", [])
    assert edits(olga.client, made["id"]) == [["remove_folder_ids"]]
    assert olga.client.get(f"{ITEMS}/{gone}").json["updated_at"] == before


def test_a_page_that_is_captured_again_is_put_into_the_folders_too(olga, folder, item):
    one, two = folder("One"), folder("Two")
    page = {"source_type": "article", "raw_text": None, "source_url": "https://example.com/a"}
    made = item(**page, folder_ids=[one])
    again = {"enrich": False, **page, "folder_ids": [two, one]}
    for _ in range(2):
        answer = olga.client.post(ITEMS, json=again)
        assert (answer.status_code, answer.json["duplicate_of"]) == (200, made["id"])
    assert paths(olga.client, made["id"]) == [["One"], ["Two"]]
    assert edits(olga.client, made["id"]) == [["add_folder_ids"]]


def test_a_discarded_item_is_put_nowhere(olga, folder, item):
    one, made = folder("One"), item()
    olga.client.patch(f"{ITEMS}/{made['id']}", json={"action": "discard"})
    answer = olga.client.put(f"{FOLDERS}/{one}/items/{made['id']}")
    assert_problem(answer, 409, "invalid_state_transition")


@pytest.mark.long
def test_anothers_folders_and_items_are_not_there(olga, people, folder, item, owner):
    otto = people.person("otto")
    mine, theirs = folder("Mine"), folder("Theirs", client=otto.client)
    made = item()
    for folder_id in (theirs, NOWHERE):
        at = f"{ITEMS}/{made['id']}"
        new = {"source_type": "note", "raw_text": "x", "folder_ids": [mine, folder_id]}
        for answer, field in (
            (olga.client.post(ITEMS, json=new), "folder_ids"),
            (olga.client.patch(at, json={"folder_ids": [folder_id]}), "folder_ids"),
            (
                olga.client.post(
                    f"{ITEMS}/bulk", json={"ids": [made["id"]], "add_folder_ids": [folder_id]}
                ),
                "add_folder_ids",
            ),
        ):
            assert_problem(answer, 422, "invalid_input", field)
        for method in ("put", "delete"):
            answer = getattr(olga.client, method)(f"{FOLDERS}/{folder_id}/items/{made['id']}")
            assert_problem(answer, 404, "not_found")
        assert in_library(olga.client, folder_id=folder_id, recursive="true") == []
    answer = otto.client.put(f"{FOLDERS}/{theirs}/items/{made['id']}")
    assert_problem(answer, 404, "not_found")
    for workspace in (olga.workspace_id, otto.workspace_id):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            owner.execute(
                "INSERT INTO folder_items (workspace_id, folder_id, item_id) VALUES (%s, %s, %s)",
                (workspace, theirs, made["id"]),
            )


def test_a_key_needs_the_permission_of_what_is_changed(olga, people, folder, item):
    one, made = folder("One"), item()
    at = f"{FOLDERS}/{one}/items/{made['id']}"
    for scopes, statuses in (
        (["workspace:items:write"], (200, 403, 403, 403)),
        (["workspace:folders:read"], (403, 200, 403, 403)),
        (["workspace:folders:write"], (403, 403, 200, 403)),
        (["workspace:documents:write"], (403, 403, 403, 204)),
    ):
        client = people.client(X_API_Key=people.key(olga, scopes)[1])
        answers = (
            client.put(at),
            client.get(f"{FOLDERS}/{one}"),
            client.patch(f"{FOLDERS}/{one}", json={"name": str(uuid.uuid4())}),
            client.delete(f"{FOLDERS}/{one}"),
        )
        assert tuple(answer.status_code for answer in answers) == statuses


@pytest.mark.long
def test_what_is_put_into_a_folder_while_it_is_deleted_stays(database, olga, owner, folder, item):
    """Whoever puts something there waits, and is then told that there is no such folder."""
    one, made = folder("One"), item()
    mine = {"id": one, "workspace_id": olga.workspace_id}
    answers = []
    with database.connect(role="app") as conn:
        with conn.transaction():
            conn.execute("SELECT set_config('coffer.actor', 'user:x', true)")
            queries.folders.hold(conn, **mine)
            thread = threading.Thread(
                target=lambda: answers.append(
                    olga.client.put(f"{FOLDERS}/{one}/items/{made['id']}")
                )
            )
            thread.start()
            eventually(lambda: owner.execute(WAITING).fetchone() == (1,))
            queries.folders.remove(conn, **mine)
        thread.join()
    assert answers[0].status_code in (404, 422)
    assert paths(olga.client, made["id"]) == []
