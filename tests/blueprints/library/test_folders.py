"""Folders: a tree in each workspace, whose documents are listed, moved and discarded together."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE

FOLDERS = "/api/folders"


def folder_in(place):
    return queries.folders.create(
        place.make.conn,
        workspace_id=place.workspace_id,
        created_by=place.owner.id,
        parent_id=None,
        name=str(uuid.uuid4()),
    )


EXAMPLES = Examples(
    things={"folder_id": folder_in},
    bodies={
        "folders.create": {"name": "Letters"},
        "folders.change": {"name": "Old letters"},
        "documents.move": {"folder_id": None},
    },
    shared={"folders.get": "view", "folders.change": "own", "folders.remove": "own"},
)


@pytest.fixture
def folder(ana):
    """Makes folders with these names, each inside the one before; gives the id of the last."""

    def make(*names, parent=None):
        for name in names:
            answer = ana.post(FOLDERS, json={"name": name, "parent_id": parent})
            assert answer.status_code == 201, answer.json
            parent = answer.json["id"]
        return parent

    return make


@pytest.fixture
def put(ana, upload):
    """Uploads a document into a folder; gives its id."""

    def put(folder_id, word):
        answer = upload(ana, pdf(word), f"{word}.pdf", folder_id=folder_id)
        assert answer.status_code == 201, answer.json
        return answer.json["id"]

    return put


def listed(client, **query):
    answer = client.get("/api/documents", query_string=query)
    assert answer.status_code == 200, answer.json
    return {each["id"] for each in answer.json["items"]}


@pytest.mark.long
def test_a_folder_tells_where_it_is_and_what_is_in_it(ana, folder, put):
    inner = folder("Letters", "2026")
    put(inner, "a")
    shown = ana.get(f"{FOLDERS}/{inner}").json
    assert shown["path"] == ["Letters", "2026"]
    assert (shown["documents"], shown["folders"]) == (1, 0)
    outer = ana.get(f"{FOLDERS}/{shown['parent_id']}").json
    assert (outer["path"], outer["documents"], outer["folders"]) == (["Letters"], 0, 1)


@pytest.mark.long
def test_folders_are_listed_all_topmost_or_in_another(ana, folder):
    a = folder("A")
    ab = folder("B", parent=a)
    c = folder("C")

    def ids(**query):
        return [each["id"] for each in ana.get(FOLDERS, query_string=query).json["items"]]

    assert ids() == [c, ab, a]
    assert ids(topmost="true") == [c, a]
    assert ids(parent_id=a) == [ab]
    first = ana.get(FOLDERS, query_string={"limit": 2}).json
    assert ids(cursor=first["next_cursor"]) == [a]


def test_names_are_unique_in_a_place_in_any_case(ana, folder):
    a = folder("Letters")
    assert_problem(ana.post(FOLDERS, json={"name": "LETTERS"}), 409, "folder_exists")
    inner = folder("letters", parent=a)
    answer = ana.patch(f"{FOLDERS}/{inner}", json={"parent_id": None})
    assert_problem(answer, 409, "folder_exists")


@pytest.mark.long
def test_a_folder_is_renamed_and_moved_with_all_in_it(ana, folder, put):
    moved = folder("A", "B")
    document = put(folder("C", parent=moved), "a")
    target = folder("D")
    answer = ana.patch(f"{FOLDERS}/{moved}", json={"name": "E", "parent_id": target})
    assert answer.json["path"] == ["D", "E"]
    assert listed(ana, folder_id=target, recursive="true") == {document}
    assert ana.patch(f"{FOLDERS}/{moved}", json={"parent_id": None}).json["path"] == ["E"]
    assert_problem(ana.patch(f"{FOLDERS}/{moved}", json={}), 422, "invalid_input", "body")


@pytest.mark.long
def test_no_folder_is_inside_itself(ana, folder):
    a = folder("A")
    c = folder("B", "C", parent=a)
    for target in (a, c):
        answer = ana.patch(f"{FOLDERS}/{a}", json={"parent_id": target})
        assert_problem(answer, 409, "folder_in_itself")


@pytest.mark.long
def test_two_moves_at_once_make_no_circle(sign_in, ana, folder, owner):
    for number in range(5):
        a, b = folder(f"a{number}"), folder(f"b{number}")

        def move(pair):
            moved, target = pair
            return sign_in("ana").patch(f"{FOLDERS}/{moved}", json={"parent_id": target})

        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(move, [(a, b), (b, a)]))
        assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.long
def test_folders_are_at_most_32_deep(ana, folder):
    deepest = folder(*map(str, range(32)))
    answer = ana.post(FOLDERS, json={"name": "x", "parent_id": deepest})
    assert_problem(answer, 409, "folders_too_deep")
    tall = folder("y")
    folder("z", parent=tall)
    below = ana.get(f"{FOLDERS}/{deepest}").json["parent_id"]
    answer = ana.patch(f"{FOLDERS}/{tall}", json={"parent_id": below})
    assert_problem(answer, 409, "folders_too_deep")


@pytest.mark.long
def test_documents_are_listed_by_folder_and_moved(ana, folder, put):
    a = folder("A")
    b = folder("B", parent=a)
    in_a, in_b = put(a, "a"), put(b, "b")
    assert listed(ana, folder_id=a) == {in_a}
    assert listed(ana, folder_id=a, recursive="true") == {in_a, in_b}
    path = f"/api/documents/{in_b}"
    assert ana.post(f"{path}/move", json={"folder_id": a}).json["folder_id"] == a
    assert listed(ana, folder_id=a) == {in_a, in_b}
    for _ in range(2):
        assert ana.post(f"{path}/move", json={"folder_id": None}).json["folder_id"] is None
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events == ["document.uploaded", "document.moved", "document.moved"]


@pytest.mark.long
def test_deleting_a_folder_puts_its_documents_into_the_trash(ana, folder, put):
    a = folder("A")
    gone = {put(a, "a"), put(folder("B", parent=a), "b")}
    stays = put(folder("C"), "c")
    assert ana.delete(f"{FOLDERS}/{a}").status_code == 204
    assert listed(ana) == {stays}
    trash = ana.get("/api/documents/trash").json["items"]
    assert {each["id"] for each in trash} == gone
    assert {each["folder_id"] for each in trash} == {None}
    assert len(ana.get(FOLDERS).json["items"]) == 1
    back = ana.post(f"/api/documents/{min(gone)}/restore").json
    assert (back["status"], back["folder_id"]) == ("processing", None)
    assert_problem(ana.delete(f"{FOLDERS}/{a}"), 404, "not_found")


@pytest.mark.long
def test_anothers_folder_is_not_there(sign_in, ana, folder, upload):
    ben = sign_in("ben")
    foreign = ben.post(FOLDERS, json={"name": "Mine"}).json["id"]
    for parent in (foreign, NOWHERE):
        answer = ana.post(FOLDERS, json={"name": "x", "parent_id": parent})
        assert_problem(answer, 422, "invalid_input", "parent_id")
        answer = ana.patch(f"{FOLDERS}/{folder(f'of {parent}')}", json={"parent_id": parent})
        assert_problem(answer, 422, "invalid_input", "parent_id")
        assert_problem(upload(ana, pdf("x"), folder_id=parent), 422, "invalid_input", "folder_id")
        assert listed(ana, folder_id=parent, recursive="true") == set()
    document = upload(ana, pdf("y")).json["id"]
    answer = ana.post(f"/api/documents/{document}/move", json={"folder_id": foreign})
    assert_problem(answer, 422, "invalid_input", "folder_id")
    assert_problem(ana.get(f"{FOLDERS}/{foreign}"), 404, "not_found")


@pytest.mark.long
def test_a_discarded_document_is_not_moved(ana, folder, put):
    path = f"/api/documents/{put(folder('A'), 'a')}"
    assert ana.post(f"{path}/discard").status_code == 200
    answer = ana.post(f"{path}/move", json={"folder_id": folder("B")})
    assert_problem(answer, 409, "invalid_state_transition")
