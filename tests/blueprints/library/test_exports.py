"""Everything that a user has, to take along."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import orjson
import pytest

from webapp.exporting import exported_rows


def capture(person, **more):
    body = {"source_type": "note", "raw_text": "x", "enrich": False} | more
    answer = person.client.post("/api/items", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def lines(person, name="items", **headers):
    answer = person.client.get(f"/api/export/{name}.jsonl", headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == "application/x-ndjson"
    return [orjson.loads(line) for line in answer.data.splitlines()]


class Links(HTMLParser):
    """What a browser reads from a bookmarks file."""

    def __init__(self):
        super().__init__()
        self.found, self.where = [], None

    def handle_starttag(self, tag, attrs):
        self.where = tag
        if tag == "a":
            self.found.append(dict(attrs) | {"title": "", "summary": ""})

    def handle_endtag(self, tag):
        self.where = None

    def handle_data(self, data):
        if self.where in ("a", "dd") and self.found:
            self.found[-1]["title" if self.where == "a" else "summary"] += data.strip()


def bookmarks(person):
    answer = person.client.get("/api/export/bookmarks.html")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    parser = Links()
    parser.feed(answer.text)
    return parser.found


@pytest.mark.long
@pytest.mark.parametrize("batch", [1, 2, 500])
def test_every_item_is_there_once_and_the_end_says_how_many(olga, monkeypatch, batch):
    monkeypatch.setattr(exported_rows, "_BATCH", batch)
    made = [capture(olga, raw_text=f"note {n}", tags=["garden"]) for n in range(4)]
    gone = capture(olga)
    olga.client.patch(f"/api/items/{gone['id']}", json={"action": "discard"})
    *rows, end = lines(olga)
    assert end == {"type": "end", "count": 4}
    assert [row["id"] for row in rows] == [each["id"] for each in made]
    for row, each in zip(rows, made, strict=True):
        same = row.keys() & each.keys() - {"folders"}
        assert {name: row[name] for name in same} == {name: each[name] for name in same}


def test_ones_own_tasks_are_there(olga, people):
    task = olga.client.post("/api/me/tasks", json={"title": "x", "tags": ["garden"]}).json
    people.person("max").client.post("/api/me/tasks", json={"title": "y"})
    row, end = lines(olga, "tasks")
    assert {name: row[name] for name in task if name != "user_id"} == {
        name: task[name] for name in task if name != "user_id"
    }
    assert end == {"type": "end", "count": 1}


def test_an_empty_export_has_its_end_too(olga):
    assert lines(olga) == lines(olga, "tasks") == [{"type": "end", "count": 0}]
    assert bookmarks(olga) == []


def test_another_workspace_is_not_in_it(olga, people):
    capture(people.person("max"))
    team = str(people.workspace(olga))
    capture(olga)
    assert len(lines(olga, **{"X-Workspace-Id": team})) == 1
    assert len(lines(olga)) == 2


def test_a_key_exports_what_its_scopes_allow(olga, people):
    _, key = people.key(olga, ["workspace:items:read"])
    client = people.client(X_API_Key=key)
    assert client.get("/api/export/items.jsonl").status_code == 200
    assert client.get("/api/export/tasks.jsonl").status_code == 403


def test_bookmarks_are_as_browsers_read_them(olga):
    url = "https://example.com/a?b=1&c=%22d%22"
    nasty = 'A "quoted" <b>title</b> & more'
    capture(
        olga, source_type="article", source_url=url, title=nasty, tags=["gar,den", 'a"b', "<i>"]
    )
    capture(olga)
    (found,) = bookmarks(olga)
    assert (found["href"], found["title"]) == (url, nasty)
    assert found["tags"].split(",") == ["<i>", 'a"b', "gar den"]
    assert json.loads(found["data-tags"]) == ["<i>", 'a"b', "gar,den"]
    assert int(found["add_date"]) > 1_700_000_000


def file_of(person):
    return person.client.get("/api/export/bookmarks.html").text


@pytest.fixture
def folder(olga):
    """Makes folders with these names, each inside the one before; gives the id of the last."""

    def make(*names, parent=None):
        for name in names:
            body = {"name": name, "parent_id": parent}
            parent = olga.client.post("/api/folders", json=body).json["id"]
        return parent

    return make


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_bookmarks_are_nested_in_their_folders(olga, folder, monkeypatch, batch):
    monkeypatch.setattr(exported_rows, "_BATCH", batch)
    work, home = folder("Work"), folder("A <b> & c")
    deep = folder("Deep", parent=work)
    folder("Empty", "Inner", parent=deep)

    def link(name, *folder_ids):
        url = f"https://example.com/{name}"
        page = {"source_type": "article", "source_url": url, "raw_text": None}
        return capture(olga, **page, folder_ids=folder_ids)

    link("top"), link("one", work), link("two", work, deep), link("three", deep), link("x", home)
    gone = link("gone", work)
    olga.client.patch(f"/api/items/{gone['id']}", json={"action": "discard"})
    capture(olga, folder_ids=[work])  # a note
    lines = [
        re.sub(r'<A HREF="https://example.com/(\w+)".*', r"\1", line)
        for line in file_of(olga).partition("<H1>")[2].splitlines()
    ]
    shown = re.sub(r' ADD_DATE="\d+"', "", " ".join(lines)).replace("<p>", "")
    assert shown.partition("</H1> ")[2] == (
        "<DL>"
        " <DT><H3>A &lt;b&gt; &amp; c</H3> <DL> <DT>x </DL>"
        " <DT><H3>Work</H3> <DL> <DT>one <DT>two"
        " <DT><H3>Deep</H3> <DL> <DT>two <DT>three"
        " <DT><H3>Empty</H3> <DL> <DT><H3>Inner</H3> <DL> </DL> </DL> </DL> </DL>"
        " <DT>top </DL>"
    )


def test_an_items_folders_are_exported_by_their_names(olga, folder):
    capture(olga, folder_ids=[folder("Work", "a/b"), folder("Home")])
    row, _ = lines(olga)
    assert row["folders"] == [["Home"], ["Work", "a/b"]]
