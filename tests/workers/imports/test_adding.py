"""What becomes of the entries of an import: added a batch at a time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from sql import queries
from tests.databases import waiting
from tests.processes import eventually
from tests.workers.imports import (
    BOOKMARKS,
    LINES,
    bookmarks,
    counts,
    exported,
    state,
    upload,
)
from webapp.rules.same_page import page_hash
from workers import add_imports
from workers.add_imports import add_imports as adding
from workers.engine import outcomes
from workers.expire_imports import expire_imports
from workers.read_imports import read_imports as reading

pytestmark = pytest.mark.usefixtures("read_here")


@pytest.mark.long
def test_they_are_enriched_where_that_is_asked_for(olga, owner, imported):
    imported(olga, bookmarks(("https://example.com/a", "A", "")), BOOKMARKS, enrich="true")
    (item,) = olga.client.get("/api/items/pending").json["items"]
    assert item["status"] == "enriching"
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("enrich_items",)]


@pytest.mark.long
def test_a_page_is_there_once_with_all_its_tags(olga, imported):
    known = {"source_type": "article", "source_url": "https://example.com/known", "enrich": False}
    olga.client.post("/api/items", json=known)
    file = bookmarks(
        ("https://example.com/a", "A", 'TAGS="one" ADD_DATE="1600000002"'),
        (
            "HTTPS://EXAMPLE.com:443/a?utm_source=x#top",
            "Again",
            'TAGS="ONE,two" ADD_DATE="1600000001"',
        ),
        ("https://example.com/known", "Known", ""),
    )
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 3, 3, 1, 2, 0)
    (item,) = [row for row in exported(olga) if row.get("title") == "A"]
    assert item["tags"] == ["one", "two"]
    assert item["created_at"] == "2020-09-13T12:26:41Z"
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 3, 3, 0, 3, 0)


@pytest.mark.long
def test_a_page_that_is_there_gets_what_the_file_knows_besides(olga, owner, imported):
    known = {"source_type": "article", "enrich": False}
    ids = {
        name: olga.client.post(
            "/api/items",
            json=known | {"source_url": f"https://example.com/{name}", "tags": ["Oak"]},
        ).json["id"]
        for name in ("bare", "described", "equal")
    }
    olga.client.patch(f"/api/items/{ids['described']}", json={"summary": "mine"})
    file = [
        {"source_url": "https://example.com/bare", "tags": ["oak", "ash"], "summary": "theirs"},
        {"source_url": "https://example.com/described", "summary": "theirs", "is_read": True},
        {"source_url": "https://example.com/equal", "tags": ["OAK"]},
    ]
    assert counts(imported(olga, file)) == ("completed", 3, 3, 0, 3, 0)
    found = {name: olga.client.get(f"/api/items/{ids[name]}").json for name in ids}
    assert [
        (found[name]["tags"], found[name]["summary"], found[name]["is_read"]) for name in ids
    ] == [
        (["ash", "Oak"], "theirs", False),
        (["Oak"], "mine", True),
        (["Oak"], None, False),
    ]
    edits = owner.execute(
        "SELECT entity_id, payload -> 'fields' FROM events"
        " WHERE event = 'item.edited' AND actor LIKE 'worker%'"
    ).fetchall()
    assert {str(item_id): fields for item_id, fields in edits} == {
        ids["bare"]: ["add_tags", "summary"],
        ids["described"]: ["is_read"],
    }


@pytest.mark.long
def test_a_page_that_is_there_gets_the_annotations_that_it_lacks(olga, owner, imported):
    url = "https://example.com/a"
    known = {"source_type": "article", "source_url": url, "enrich": False}
    path = f"/api/items/{olga.client.post('/api/items', json=known).json['id']}"
    olga.client.post(f"{path}/annotations", json={"quote": "oak", "note": "n"})
    given = [
        {"quote": "oak", "note": "n"},
        {"quote": "oak", "color": None, "created_at": "2021-03-21T14:39:19Z"},
        {"note": "ash"},
        {"note": "ash"},
    ]
    file = [{"source_url": url, "annotations": given}] * 2
    for _ in range(2):
        assert imported(olga, file)["duplicates"] == 2
        found = olga.client.get(f"{path}/annotations").json["items"]
        assert [(each["quote"], each["note"], each["color"]) for each in found] == [
            ("oak", None, "yellow"),
            ("oak", "n", "yellow"),
            (None, "ash", None),
        ]
    assert found[0]["created_at"] == "2021-03-21T14:39:19Z"
    edits = owner.execute("SELECT payload -> 'fields' FROM events WHERE event = 'item.edited'")
    assert edits.fetchall() == [(["annotations"],)]
    search = olga.client.get("/api/search", query_string={"q": '"ash"'}).json["items"]
    assert len(search) == 1


@pytest.mark.long
def test_an_item_gets_no_more_annotations_than_it_may_have(olga, imported):
    url = "https://example.com/a"
    for number in range(2):
        given = [{"note": f"{number} {each}"} for each in range(600)]
        imported(olga, [{"source_url": url, "annotations": given}])
    (item,) = olga.client.get("/api/library").json["items"]
    assert item["annotation_count"] == 1000


@pytest.mark.long
def test_two_addresses_of_a_page_that_is_there_both_tell_of_it(olga, owner, imported):
    known = {"source_type": "article", "source_url": "https://example.com/a", "enrich": False}
    item_id = olga.client.post("/api/items", json=known).json["id"]
    owner.execute(
        "INSERT INTO item_addresses (workspace_id, item_id, page_hash, url, found_by)"
        " VALUES (%s, %s, %s, 'https://example.com/b', 'redirect')",
        (olga.workspace_id, item_id, page_hash("https://example.com/b")),
    )
    file = [
        {"source_url": "https://example.com/a", "tags": ["ash"], "is_favourite": True},
        {"source_url": "https://example.com/b", "tags": ["oak"], "summary": "b", "is_read": True},
    ]
    assert counts(imported(olga, file)) == ("completed", 2, 2, 0, 2, 0)
    item = olga.client.get(f"/api/items/{item_id}").json
    assert (item["tags"], item["summary"]) == (["ash", "oak"], "b")
    assert (item["is_read"], item["is_favourite"]) == (True, True)


@pytest.mark.long
def test_what_was_exported_is_the_same_library_elsewhere(people, olga, make, owner, imported):
    mine = {"id": olga.id, "workspace_id": olga.workspace_id}
    for status in ("enriching", "ready_to_confirm", "failed", "confirmed"):
        item = make.item(mine, status=status, tags=["Oak", "garden"], title=status)
        owner.execute(
            "UPDATE items SET summary = 's', language = 'en', author = 'a', content = 'c',"
            " error = 'e',"
            " published_at = now(), created_at = now() - interval '9 days',"
            " confirmed_at = CASE status WHEN 'confirmed' THEN now() END WHERE id = %s",
            (item["id"],),
        )
        owner.execute(
            "INSERT INTO suggestions (workspace_id, item_id, value, confidence, status)"
            " VALUES (%s, %s, 'x', 0.5, 'rejected')",
            (olga.workspace_id, item["id"]),
        )
    page = {"source_type": "article", "source_url": "https://example.com/a", "enrich": False}
    for _ in range(2):
        olga.client.post("/api/items", json=page | {"allow_duplicate": True})
    (*_, marked) = olga.client.get("/api/library").json["items"]
    marks = {"is_read": True, "is_favourite": True}
    assert olga.client.patch(f"/api/items/{marked['id']}", json=marks).status_code == 200
    highlight = {"quote": "oak", "prefix": "an ", "start_offset": 3, "end_offset": 6}
    for new in (highlight | {"color": "pink", "note": "n"}, {"quote": "ash"}, {"note": "only"}):
        path = f"/api/items/{marked['id']}/annotations"
        assert olga.client.post(path, json=new).status_code == 201
    owner.execute("UPDATE annotations SET created_at = '2021-03-21T14:39:19Z'")
    linked = make.item(mine)
    task = {"title": "Order", "description": "d", "due_at": "2030-01-01T00:00:00Z", "priority": 2}
    task |= {"tags": ["work"], "recurrence": "FREQ=DAILY", "item_id": str(linked["id"])}
    olga.client.post("/api/me/tasks", json=task)
    done = olga.client.post("/api/me/tasks", json={"title": "Done"}).json
    olga.client.patch(f"/api/me/tasks/{done['id']}/complete", json={})

    mara = people.person("mara")
    for name in ("items", "tasks"):
        file = olga.client.get(f"/api/export/{name}.jsonl").data
        found = imported(mara, file)
        assert (found["refused"], found["duplicates"]) == (0, 0)

    def same(rows):
        # Links are left out: their items are in the other workspace.
        return sorted(
            (
                {
                    key: value
                    for key, value in row.items()
                    if key not in ("id", "item_id", "follows_id")
                }
                for row in rows
            ),
            key=lambda row: json.dumps(row, sort_keys=True),
        )

    for name in ("items", "tasks"):
        assert same(exported(mara, name)) == same(exported(olga, name))
    titles = [
        [item["title"] for item in who.client.get("/api/library").json["items"]]
        for who in (olga, mara)
    ]
    assert sorted(titles[0]) == sorted(titles[1])


@pytest.mark.long
def test_bookmarks_that_were_exported_are_the_same_elsewhere(people, olga, owner, imported):
    link = {"source_type": "article", "enrich": False}
    names = ["Smith, John", "a & <b>", "plain"]
    one = {"source_url": "https://example.com/?a=1&copy=2&lt;", "title": "On <script> & more"}
    item = olga.client.post("/api/items", json=link | one | {"tags": names}).json
    summary = "List:\n- one <a href='https://x.example/'>x</a>\n\n</DL> <DT>End"
    olga.client.patch(f"/api/items/{item['id']}", json={"summary": summary})
    marks = {"is_read": True, "is_favourite": True}
    assert olga.client.patch(f"/api/items/{item['id']}", json=marks).status_code == 200
    olga.client.post("/api/items", json=link | {"source_url": "https://example.com/2"})
    owner.execute("UPDATE items SET created_at = '2021-03-21T14:39:19Z'")
    mara = people.person("mara")
    found = imported(mara, olga.client.get("/api/export/bookmarks.html").data, BOOKMARKS)
    assert counts(found) == ("completed", 2, 2, 2, 0, 0)
    fields = ("source_url", "title", "summary", "tags", "created_at", *marks)
    mine, others = (
        [[row[name] for name in fields] for row in exported(who)[:-1]] for who in (olga, mara)
    )
    assert sorted(others, key=str) == sorted(mine, key=str)


@pytest.mark.long
def test_a_task_that_recurs_beyond_2199_is_imported(people, olga, imported):
    task = {
        "title": "T",
        "due_at": "2031-01-01T09:00:00Z",
        "recurrence": "FREQ=YEARLY;INTERVAL=200",
    }
    made = olga.client.post("/api/me/tasks", json=task).json
    olga.client.patch(f"/api/me/tasks/{made['id']}/complete", json={})
    found = imported(people.person("mara"), olga.client.get("/api/export/tasks.jsonl").data)
    assert counts(found) == ("completed", 2, 2, 2, 0, 0)


@pytest.mark.long
def test_what_followed_a_task_does_so_after_an_import(olga, people, imported):
    """Reopening takes it back there, too; but not one that was changed, which has the rule."""
    rule = {"due_at": "2031-01-31T09:00:00Z", "recurrence": "FREQ=YEARLY;INTERVAL=200"}
    for title in ("as made", "changed"):
        task = olga.client.post("/api/me/tasks", json={"title": title, **rule}).json
        olga.client.patch(f"/api/me/tasks/{task['id']}/complete")
    listed = olga.client.get("/api/me/tasks?status=pending").json["items"]
    (made,) = [each for each in listed if each["title"] == "changed"]
    olga.client.put(f"/api/me/tasks/{made['id']}", json={"title": "different"})

    mara = people.person("mara")
    found = imported(mara, olga.client.get("/api/export/tasks.jsonl").data)
    assert (found["status"], found["added"], found["refused"]) == ("completed", 4, 0)
    done = mara.client.get("/api/me/tasks?status=completed").json["items"]
    for task in done:
        mara.client.patch(f"/api/me/tasks/{task['id']}/complete")
    listed = mara.client.get("/api/me/tasks?sort=title&direction=asc").json["items"]
    assert [(each["title"], each["due_at"], each["recurrence"]) for each in listed] == [
        ("as made", "2031-01-31T09:00:00Z", rule["recurrence"]),
        ("changed", "2031-01-31T09:00:00Z", None),
        ("different", "2231-01-31T09:00:00Z", rule["recurrence"]),
    ]


@pytest.mark.long
def test_what_is_imported_is_found(olga, imported):
    imported(olga, [{"raw_text": "The oak posts"}, {"type": "task", "title": "Oak task"}])
    found = olga.client.get("/api/search", query_string={"q": "oak"}).json["items"]
    assert {each["type"] for each in found} == {"item", "task"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"", LINES, "There is nothing to import"),
        (b"", BOOKMARKS, "There is nothing to import"),
        (b"\x00\xff\x00" * 50, BOOKMARKS, "There is nothing to import"),
        (b"{}\n{}", LINES, "in line 1: raw_text: Has neither"),
        (b"PK\x03\x04 x", BOOKMARKS, "The file is a ZIP: unpack it"),
        (b'[{"url": "x"}]', BOOKMARKS, "The file looks like JSON: send it as application/json."),
    ],
)
def test_a_file_with_nothing_in_it_fails_and_says_so(olga, body, headers, said, imported):
    found = imported(olga, body, headers)
    assert found["status"] == "failed"
    assert said in found["error"]


@pytest.mark.long
def test_a_file_that_does_not_add_up_is_incomplete_and_keeps_what_was_found(olga, imported):
    links = bookmarks(("https://example.com/a", "A", ""), ("https://example.com/b", "B", ""))
    found = imported(olga, links + '<DT><A HREF="https://example.c', BOOKMARKS)
    assert counts(found) == ("incomplete", 2, 2, 2, 0, 0)
    assert found["missed"] == 1
    assert "has 3 entries by a plain count, but only 2" in found["error"]
    assert found["ended_at"] is not None
    assert len(olga.client.get("/api/library").json["items"]) == 2


@pytest.mark.long
def test_a_file_that_is_not_whole_is_incomplete_and_says_why(olga, imported):
    entries = [{"url": "https://example.com/a", "title": "A", "tag_names": []}]
    json_type = {"Content-Type": "application/json"}
    for more, missed in (({"count": 3, "next": None}, 2), ({"count": 1, "next": "https://x"}, 0)):
        found = imported(olga, json.dumps(more | {"results": entries}), json_type)
        assert (found["status"], found["missed"]) == ("incomplete", missed)
        assert "it is one page of several" in found["error"]
    assert len(olga.client.get("/api/library").json["items"]) == 1


@pytest.mark.long
def test_batches_say_how_far_they_are(olga, worker, monkeypatch, rounds):
    monkeypatch.setattr(add_imports, "BATCH", 2)
    import_id = upload(olga, [{"raw_text": f"note {n}"} for n in range(5)])
    assert counts(state(olga, import_id)) == ("reading", None, 0, 0, 0, 0)
    worker(reading).round()
    assert counts(state(olga, import_id)) == ("adding", 5, 0, 0, 0, 0)
    done = [state(olga, import_id)["done"] for _ in rounds(adding)]
    assert done == [2, 4, 5]
    events = olga.client.get(f"/api/imports/{import_id}").json
    assert events["status"] == "completed"


@pytest.mark.long
def test_a_batch_whose_worker_dies_is_added_once(olga, worker, owner, settings, monkeypatch, work):
    monkeypatch.setattr(add_imports, "BATCH", 2)
    import_id = upload(olga, [{"raw_text": f"note {n}"} for n in range(5)])
    worker(reading).round()

    def dies(*_args, **_more):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(add_imports.queries.imports, "advance", dies)
        with pytest.raises(SystemExit):
            worker(adding).round()
    assert counts(state(olga, import_id)) == ("adding", 5, 0, 0, 0, 0)
    owner.execute("UPDATE outbox SET run_after = now()")
    work()
    assert counts(state(olga, import_id)) == ("completed", 5, 5, 5, 0, 0)
    assert sorted(row["raw_text"] for row in exported(olga)[:-1]) == [f"note {n}" for n in range(5)]


@pytest.mark.long
def test_a_cancelled_import_stops_and_what_was_added_stays(olga, worker, owner, monkeypatch, work):
    monkeypatch.setattr(add_imports, "BATCH", 2)
    import_id = upload(olga, [{"raw_text": f"note {n}"} for n in range(5)])
    worker(reading).round()
    worker(adding).round()
    answer = olga.client.post(f"/api/imports/{import_id}/cancel")
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    work()
    assert state(olga, import_id)["added"] == 2
    assert len(exported(olga)) == 2 + 1
    assert owner.execute("SELECT count(*) FROM import_rows").fetchone() == (0,)
    again = olga.client.post(f"/api/imports/{import_id}/cancel")
    assert (again.status_code, again.json["code"]) == (409, "invalid_state_transition")


@pytest.mark.long
def test_an_operator_has_a_failed_one_go_on(olga, worker, owner, work):
    import_id = upload(olga, [{"raw_text": "note"}])
    worker(reading).round()
    owner.execute(
        "UPDATE imports SET status = 'failed', ended_at = now() WHERE id = %s", (import_id,)
    )
    owner.execute("DELETE FROM outbox")
    assert queries.imports.retry(owner, id=import_id) == 1
    work()
    assert state(olga, import_id)["status"] == "completed"


@pytest.mark.long
def test_old_imports_are_forgotten(olga, worker, owner, work):
    ids = [upload(olga, b"{}") for _ in range(2)]
    work()
    owner.execute("UPDATE imports SET ended_at = now() - interval '31 days' WHERE id = %s", ids[:1])
    owner.execute("INSERT INTO outbox (kind, subject_id) VALUES ('expire_imports', uuidv7())")
    worker(expire_imports).round()
    assert [each["id"] for each in olga.client.get("/api/imports").json["items"]] == ids[1:]


NEVER_REFUSED = [
    {"raw_text": "x", "published_at": "2020-01-01T00:00:00+23:59"},
    {"raw_text": "x", "published_at": "0800-12-25T12:00:00Z"},
    {"raw_text": "x", "created_at": "2020-01-01T00:00:00+16:00"},
    {"raw_text": "x", "updated_at": "2020-01-01T00:00:00-16:00"},
    {"raw_text": "x", "confirmed_at": "2020-01-01T00:00:00-23:59"},
    {"type": "task", "title": "x", "due_at": "2030-01-01T00:00:00+16:00"},
    {
        "raw_text": "x",
        "suggestions": [{"name": "a", "confidence": 1e-50, "status": "pending"}],
    },
]
REFUSED_BEFORE = [
    {"raw_text": "x", "published_at": "0001-01-01T00:00:00+14:00"},
    {"raw_text": "x", "published_at": "9999-12-31T23:59:59-14:00"},
]


@pytest.mark.long
def test_no_entry_that_is_taken_is_refused_by_the_database(olga, imported):
    found = imported(olga, [*NEVER_REFUSED, *REFUSED_BEFORE])
    assert (found["status"], found["error"]) == ("completed", None)
    assert (found["added"], found["refused"]) == (len(NEVER_REFUSED), len(REFUSED_BEFORE))
    *rows, end = exported(olga)
    assert end["type"] == "end"
    for row in rows:
        assert olga.client.get(f"/api/items/{row['id']}").status_code == 200


GOOD = '<DT><A HREF="https://example.com/good">good</A>\n'
LINK = '<DT><A HREF="https://example.com/n" {}>x</A>'
ODD_LINKS = [
    LINK.format("").replace("x<", "nul \x00 in it<"),
    LINK.format('TAGS="a\x00b"'),
    LINK.format("") + "<DD>nul \x00",
    LINK.format('ADD_DATE="' + "9" * 400 + '"'),
    LINK.format('ADD_DATE="13345678901234567"'),
    LINK.format('ADD_DATE="99999999999"'),
    LINK.format("") + "<![ foo",
    LINK.format("") + "<![foo[ x",
    LINK.format("").replace("x<", "\x01" * 300 + "<"),
    "".join(LINK.format(f'TAGS="{",".join(f"{p}-{n}" for n in range(20))}"') for p in range(51)),
]


@pytest.mark.long
def test_no_bookmark_stops_the_others(olga, work):
    files = [  # each with different pages
        (GOOD + odd).replace("example.com", f"{number}.example.com").encode()
        for number, odd in enumerate(ODD_LINKS)
    ]
    ids = [upload(olga, file, BOOKMARKS) for file in files]
    work()
    found = {number: counts(state(olga, each)) for number, each in enumerate(ids)}
    counted = [2] * 9 + [52]
    assert found == {
        number: ("completed", many, many, 2, many - 2, 0) for number, many in enumerate(counted)
    }


@pytest.mark.long
def test_tags_are_those_that_the_workspace_has_whatever_their_case(olga, imported):
    olga.client.post("/api/tags", json={"name": "Garden"})
    found = imported(
        olga,
        [
            {"raw_text": "x", "tags": ["GARDEN", "Oak", "oak"]},
            {"type": "task", "title": "x", "tags": ["garden", "oak", "OAK"]},
        ],
    )
    assert counts(found) == ("completed", 2, 2, 2, 0, 0)
    tags = {each["name"]: each["usage"] for each in olga.client.get("/api/tags").json["items"]}
    assert sorted(name.lower() for name in tags) == ["garden", "oak"]
    assert set(tags.values()) == {2}


@pytest.mark.long
def test_a_task_keeps_its_link_to_an_item_of_the_same_file(olga, imported):
    known = "01970000-0000-7000-8000-000000000001"
    task = {"type": "task", "title": "Order it", "item_id": known}
    other = {"type": "task", "title": "Nothing", "item_id": known[:-1] + "2"}
    found = imported(olga, [task, other, {"raw_text": "The oak", "id": known.upper()}])
    assert counts(found) == ("completed", 3, 3, 3, 0, 0)
    (item,) = olga.client.get("/api/library").json["items"]
    tasks = olga.client.get("/api/me/tasks").json["items"]
    links = {each["title"]: each["item_id"] for each in tasks}
    assert links == {"Order it": item["id"], "Nothing": None}


@pytest.mark.long
def test_long_entries_make_small_batches(olga, worker, rounds):
    import_id = upload(olga, [{"raw_text": "x", "content": "x" * 400_000} for _ in range(5)])
    worker(reading).round()
    done = [state(olga, import_id)["done"] for _ in rounds(adding)]
    assert 0 < done[0] < 5
    assert state(olga, import_id)["status"] == "completed"


@pytest.mark.long
def test_imports_of_items_and_tasks_never_wait_in_a_circle(
    olga, owner, database, worker, monkeypatch
):
    """The tags of one's items are those of the other's tasks. Both are held up at the first tag of
    their tasks: a deadlock, if each already held the tag that the other one makes next."""
    monkeypatch.setattr(outcomes, "PATIENCE", "5min")
    for one, other in (("x", "y"), ("y", "x")):
        task = {"type": "task", "title": "x", "tags": ["a", other]}
        upload(olga, [{"raw_text": "x", "tags": [one]}, task])
    worker(reading).round()
    workers = [worker(adding, batch=1) for _ in range(2)]
    with ThreadPoolExecutor(2) as threads, database.connect() as somebody:
        with somebody.transaction(force_rollback=True):
            somebody.execute(
                "INSERT INTO tags (workspace_id, audience, name) VALUES (%(id)s, %(id)s, 'a')",
                {"id": olga.workspace_id},
            )
            rounds = []
            for each in workers:
                rounds.append(threads.submit(each.round))
                eventually(lambda: waiting(owner) == len(rounds))
        assert [each.result() for each in rounds] == [1, 1]
    assert [each.counts["finished"] for each in workers] == [1, 1]
    assert {each["status"] for each in olga.client.get("/api/imports").json["items"]} == {
        "completed"
    }


@pytest.mark.long
def test_tags_of_tasks_stay_private_in_a_shared_workspace(olga, people, imported):
    max_ = people.person("max")
    workspace_id = str(people.workspace(olga, member=max_))
    for person in (olga, max_):
        person.client.environ_base["HTTP_X_WORKSPACE_ID"] = workspace_id
    lines = [
        {"type": "task", "title": "x", "tags": ["divorce", "garden"]},
        {"raw_text": "x", "tags": ["garden"]},
    ]
    imported(olga, lines)
    names = [
        [tag["name"] for tag in person.client.get("/api/tags").json["items"]]
        for person in (olga, max_)
    ]
    assert names == [["divorce", "garden"], ["garden"]]
