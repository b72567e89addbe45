"""The folders of files become folders, and hold what is in them there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sql import queries
from tests.workers.imports import BOOKMARKS, LINES, bookmarks, counts, state, upload
from webapp.imports import folders as folders_of_files
from workers import add_imports
from workers.add_imports import add_imports as adding
from workers.read_imports import read_imports as reading

pytestmark = pytest.mark.usefixtures("read_here")


def tree(person):
    """Each folder's path, with the number of items in it."""
    found = {}
    cursor = None
    while True:
        query = {"limit": 100} | ({"cursor": cursor} if cursor else {})
        answer = person.client.get("/api/folders", query_string=query).json
        found |= {tuple(each["path"]): each["items"] for each in answer["items"]}
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


def library(person):
    """The paths of each item's folders, and its tags, by its title."""
    items = person.client.get("/api/library?limit=100").json["items"]
    return {
        each["title"]: ([folder["path"] for folder in each["folders"]], each["tags"])
        for each in items
    }


def folder(name, *inside):
    return f"<DT><H3>{name}</H3><DL><p>{''.join(inside)}</DL><p>"


ONE, TWO, THREE = (
    bookmarks((f"https://example.com/{name}", name, "")) for name in ("one", "two", "three")
)


@pytest.mark.long
def test_nested_folders_hold_what_is_in_them_and_one_page_is_in_several(olga, imported):
    file = folder("Work", ONE, folder("Deep", TWO), folder("Empty")) + folder("Home", ONE) + THREE
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 4, 4, 3, 1, 0)
    assert library(olga) == {
        "one": ([["Home"], ["Work"]], ["Home", "Work"]),
        "two": ([["Work", "Deep"]], ["Deep", "Work"]),
        "three": ([], []),
    }
    expected = {("Work",): 1, ("Work", "Deep"): 1, ("Work", "Empty"): 0, ("Home",): 1}
    assert tree(olga) == expected
    # Once more: nothing is lost, nothing doubled, and nothing edited.
    before = olga.client.get("/api/library").json
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 4, 4, 0, 4, 0)
    assert tree(olga) == expected
    assert olga.client.get("/api/library").json == before


@pytest.mark.long
@pytest.mark.parametrize(
    ("folders_become", "expected"),
    [("folders", ([["Work"]], [])), ("tags", ([], ["Work"])), ("both", ([["Work"]], ["Work"]))],
)
def test_folders_become_what_is_asked_for(olga, imported, folders_become, expected):
    imported(olga, folder("Work", ONE), BOOKMARKS, folders_become=folders_become)
    assert library(olga) == {"one": expected}
    assert bool(tree(olga)) == (folders_become != "tags")


@pytest.mark.long
def test_a_page_that_is_there_is_put_into_the_folders_too(olga, owner, imported):
    known = {"source_type": "article", "source_url": "https://example.com/one", "enrich": False}
    item_id = olga.client.post("/api/items", json=known).json["id"]
    olga.client.post("/api/folders", json={"name": "work"})
    lines = [{"source_url": "https://example.com/one", "folders": [["WORK", "Deep"], ["Home"]]}]
    assert counts(imported(olga, lines)) == ("completed", 1, 1, 0, 1, 0)
    assert tree(olga) == {("work",): 0, ("work", "Deep"): 1, ("Home",): 1}
    (fields,) = owner.execute(
        "SELECT payload -> 'fields' FROM events WHERE event = 'item.edited' AND entity_id = %s",
        (item_id,),
    ).fetchone()
    assert fields == ["add_folder_ids"]
    found = olga.client.get("/api/search", query_string={"q": "in:work/deep"}).json["items"]
    assert [each["id"] for each in found] == [item_id]


@pytest.mark.long
def test_odd_names_lose_nothing(olga, imported):
    names = ["Straße", "STRASSE", "a/b", "\u200b", "x" * 300, "x" * 300 + "y", "..", "%s", "'; --"]
    lines = [
        {"raw_text": f"note {n}", "folders": [["Odd", name]], "title": str(n)}
        for n, name in enumerate(names)
    ]
    assert counts(imported(olga, lines)) == ("completed", *[len(names)] * 3, 0, 0)
    found = tree(olga)
    assert found == {
        ("Odd",): 1,  # of which nobody sees the name
        ("Odd", "Straße"): 2,
        ("Odd", "a/b"): 1,
        ("Odd", "x" * 200): 2,
        ("Odd", ".."): 1,
        ("Odd", "%s"): 1,
        ("Odd", "'; --"): 1,
    }


@pytest.mark.long
def test_what_is_deeper_than_folders_may_be_is_in_the_deepest(olga, imported):
    path = [str(n) for n in range(40)]
    lines = [{"raw_text": "a", "folders": [path]}, {"raw_text": "b", "folders": [path[:32]]}]
    imported(olga, lines)
    assert tree(olga)[tuple(path[:32])] == 2
    assert len(tree(olga)) == 32


@pytest.mark.long
def test_a_file_of_nothing_but_folders_makes_them(olga, imported):
    found = imported(olga, folder("Work", folder("Deep")), BOOKMARKS)
    assert counts(found) == ("completed", 0, 0, 0, 0, 0)
    assert tree(olga) == {("Work",): 0, ("Work", "Deep"): 0}


@pytest.mark.long
def test_more_folders_than_are_made_lose_nothing(olga, monkeypatch, imported):
    monkeypatch.setattr(folders_of_files, "MOST_FOLDERS", 2)
    lines = [{"raw_text": str(n), "folders": [["Top", str(n)]]} for n in range(3)]
    found = imported(olga, lines)
    assert counts(found) == ("completed", 3, 3, 3, 0, 0)
    assert "Not made: more than" in found["mistakes"][0]["message"]
    assert tree(olga) == {("Top",): 2, ("Top", "0"): 1}


@pytest.mark.long
def test_folders_are_made_in_parts_and_a_worker_may_die(olga, worker, owner, monkeypatch, work):
    monkeypatch.setattr(add_imports, "FOLDERS", 2)
    lines = [{"raw_text": str(n), "folders": [["A", "B", str(n)]]} for n in range(4)]
    import_id = upload(olga, lines)
    worker(reading).round()
    worker(adding).round()
    assert len(tree(olga)) == 2

    def dies(*_args, **_more):
        raise SystemExit

    def go_on():
        while True:
            worker(adding).round()

    with monkeypatch.context() as patched:
        patched.setattr(add_imports.queries.imports, "advance", dies)
        with pytest.raises(SystemExit):
            go_on()
    owner.execute("UPDATE outbox SET run_after = now()")
    work()
    assert counts(state(olga, import_id)) == ("completed", 4, 4, 4, 0, 0)
    assert sorted(tree(olga).values()) == [0, 0, 1, 1, 1, 1]
    assert owner.execute("SELECT count(*) FROM import_folders").fetchone() == (0,)


@pytest.mark.long
def test_a_folder_that_is_deleted_meanwhile_stays_away(olga, worker, owner, work):
    import_id = upload(olga, [{"raw_text": "a", "folders": [["A"], ["B"]]}])
    worker(reading).round()
    worker(adding).round()  # makes the folders
    (gone,) = owner.execute("SELECT id FROM folders WHERE name = 'A'").fetchone()
    assert olga.client.delete(f"/api/folders/{gone}").status_code == 204
    work()
    assert counts(state(olga, import_id)) == ("completed", 1, 1, 1, 0, 0)
    assert tree(olga) == {("B",): 1}


@pytest.mark.long
def test_two_imports_at_once_make_each_folder_once(olga, worker, monkeypatch):
    monkeypatch.setattr(add_imports, "BATCH", 3)
    monkeypatch.setattr(add_imports, "FOLDERS", 2)
    names = [f"F{n}" for n in range(8)]
    for order in (names, names[::-1]):
        upload(
            olga,
            [
                {"source_url": f"https://example.com/{name}", "folders": [[name, "x"], order[:1]]}
                for name in order
            ],
        )
    worker(reading).round()
    running = [worker(adding, batch=1) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads:
        for _ in range(20):
            list(threads.map(lambda each: each.round(), running))
    imports = olga.client.get("/api/imports").json["items"]
    assert {each["status"] for each in imports} == {"completed"}
    assert sum(each["added"] for each in imports) == len(names)
    found = tree(olga)
    assert sorted(found) == sorted([*((name,) for name in names), *((name, "x") for name in names)])
    assert {found[name, "x"] for name in names} == {1}
    assert (found[names[0],], found[names[-1],]) == (8, 8)


@pytest.mark.long
def test_folders_of_another_workspace_are_left_alone(olga, people, imported):
    otto = people.person("otto")
    for person in (olga, otto):
        imported(person, [{"raw_text": "a", "folders": [["Work"]]}])
    assert tree(olga) == tree(otto) == {("Work",): 1}


@pytest.mark.long
def test_a_cancelled_import_forgets_its_folders(olga, worker, owner):
    import_id = upload(olga, [{"raw_text": "a", "folders": [["A"]]}])
    worker(reading).round()
    assert olga.client.post(f"/api/imports/{import_id}/cancel").status_code == 200
    assert owner.execute("SELECT count(*) FROM import_folders").fetchone() == (0,)
    assert (
        queries.import_folders.make(
            owner, id=import_id, workspace_id=olga.workspace_id, user_id=olga.id, limit=9
        )
        == 0
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "headers"), [("items.jsonl", LINES), ("bookmarks.html", BOOKMARKS)]
)
def test_what_was_exported_gives_the_same_folders_elsewhere(olga, people, imported, name, headers):
    names = ["A & <b>", 'with "quotes"', "a/b", "Ünï", "<DL>", "&amp;", "</H3>", "[x](y)"]
    links = [
        {
            "source_url": f"https://example.com/{n}",
            "title": f"title {n}",
            "tags": ["oak"] if n % 2 else [],
            "folders": [names[: n % 5], [names[n % 8]], ["Top", names[n % 3]]],
        }
        for n in range(40)
    ]
    assert imported(olga, links)["added"] == 40
    empty = olga.client.post("/api/folders", json={"name": "Empty"}).json["id"]
    olga.client.post("/api/folders", json={"name": "Inner", "parent_id": empty})
    mara = people.person("mara")
    file = olga.client.get(f"/api/export/{name}").data
    for expected in (40, 0):
        found = imported(mara, file, headers)
        assert (found["status"], found["added"], found["refused"]) == ("completed", expected, 0)
        assert library(mara) == library(olga)
        assert tree(mara) | {("Empty",): 0, ("Empty", "Inner"): 0} == tree(olga)
        assert (("Empty",) in tree(mara)) == (headers is BOOKMARKS)
