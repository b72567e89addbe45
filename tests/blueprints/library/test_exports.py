"""Everything that a user has, to take along."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import orjson
import pytest

from webapp.blueprints.library import exports


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
    monkeypatch.setattr(exports, "_BATCH", batch)
    made = [capture(olga, raw_text=f"note {n}", tags=["garden"]) for n in range(4)]
    gone = capture(olga)
    olga.client.patch(f"/api/items/{gone['id']}", json={"action": "discard"})
    *rows, end = lines(olga)
    assert end == {"type": "end", "count": 4}
    assert [row["id"] for row in rows] == [each["id"] for each in made]
    for row, each in zip(rows, made, strict=True):
        same = row.keys() & each.keys()
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
