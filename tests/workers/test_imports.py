"""Imports: read in a child process, added a batch at a time."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest

from tests.children import children
from webapp.imports import reader
from workers import add_imports, read_imports
from workers.add_imports import add_imports as adding
from workers.engine import line
from workers.expire_imports import expire_imports
from workers.read_imports import read_imports as reading

BOOKMARKS = {"Content-Type": "text/html"}
LINES = {"Content-Type": "application/x-ndjson"}


LINK_OF = '<DT><A HREF="https://example.com/a">{}</A>'


def upload(person, body, headers=LINES, **query):
    if not isinstance(body, (str, bytes)):
        body = b"\n".join(map(orjson.dumps, body))
    answer = person.client.post("/api/imports", data=body, headers=headers, query_string=query)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def state(person, import_id):
    answer = person.client.get(f"/api/imports/{import_id}")
    assert answer.status_code == 200
    return answer.json


@pytest.fixture
def rounds(worker, owner):
    """Rounds of a worker in which something was done, until nothing is due for it. A worker that is
    kept from working looks for more only now and then."""

    def rounds(*kinds, **options):
        running = worker(*kinds, **options)
        names = [kind.name for kind in kinds]
        until = time.monotonic() + 300
        while is_due(names) and time.monotonic() < until:
            if running.round():
                yield
            else:
                time.sleep(0.01)

    def is_due(names):
        return owner.execute(
            "SELECT 1 FROM outbox WHERE kind = ANY (%s) AND run_after <= clock_timestamp()",
            (names,),
        ).fetchone()

    return rounds


@pytest.fixture
def work(rounds):
    """Does all of it."""

    def work():
        for _ in rounds(reading, adding):
            pass

    return work


@pytest.fixture
def imported(work):
    """Uploads a file and does all of it; the import as it ends."""

    def imported(person, body, headers=LINES, **query):
        import_id = upload(person, body, headers, **query)
        work()
        return state(person, import_id)

    return imported


def exported(person, name="items"):
    answer = person.client.get(f"/api/export/{name}.jsonl")
    return [json.loads(line) for line in answer.data.splitlines()]


def bookmarks(*links):
    return "\n".join(f'<DT><A HREF="{url}" {more}>{title}</A>' for url, title, more in links)


def counts(found):
    names = ("status", "total", "done", "added", "duplicates", "refused")
    return tuple(found[name] for name in names)


def test_bookmarks_become_confirmed_items(olga, imported):
    file = bookmarks(
        ("https://example.com/a", "A", 'ADD_DATE="1600000000" TAGS="oak,garden"'),
        ("https://example.com/b", "", ""),
        ("javascript:alert(1)", "Click", ""),
    )
    found = imported(olga, file, BOOKMARKS)
    assert counts(found) == ("completed", 2, 2, 2, 0, 1)
    assert found["mistakes"] == [
        {"line": 3, "message": "source_url: Must begin with http:// or https://."}
    ]
    assert found["ended_at"] is not None
    newest, oldest = olga.client.get("/api/library").json["items"]
    assert (oldest["title"], oldest["tags"]) == ("A", ["garden", "oak"])
    assert oldest["created_at"] == oldest["confirmed_at"] == "2020-09-13T12:26:40Z"
    assert newest["title"] == "https://example.com/b"


def test_they_are_enriched_where_that_is_asked_for(olga, owner, imported):
    imported(olga, bookmarks(("https://example.com/a", "A", "")), BOOKMARKS, enrich="true")
    (item,) = olga.client.get("/api/items/pending").json["items"]
    assert item["status"] == "enriching"
    assert owner.execute("SELECT kind FROM outbox").fetchall() == [("enrich_items",)]


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
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 2, 2, 1, 1, 0)
    (item,) = [row for row in exported(olga) if row.get("title") == "A"]
    assert item["tags"] == ["one", "two"]
    assert item["created_at"] == "2020-09-13T12:26:41Z"
    assert counts(imported(olga, file, BOOKMARKS)) == ("completed", 2, 2, 0, 2, 0)


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
            "INSERT INTO suggestions (item_id, name, confidence, status)"
            " VALUES (%s, 'x', 0.5, 'rejected')",
            (item["id"],),
        )
    page = {"source_type": "article", "source_url": "https://example.com/a", "enrich": False}
    for _ in range(2):
        olga.client.post("/api/items", json=page | {"allow_duplicate": True})
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
        # The link is to an item of another workspace, which cannot be.
        return sorted(
            (
                {key: value for key, value in row.items() if key not in ("id", "item_id")}
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


def test_what_is_imported_is_found(olga, imported):
    imported(olga, [{"raw_text": "The oak posts"}, {"type": "task", "title": "Oak task"}])
    found = olga.client.get("/api/search", query_string={"q": "oak"}).json["items"]
    assert {each["type"] for each in found} == {"item", "task"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not valid JSON"),
        (b"[]", "not a JSON object"),
        (b'{"type": "user"}', "neither item nor task"),
        (b"{}", "neither text nor an address"),
        (b'{"raw_text": "a\\u0000b"}', "U+0000"),
        (b'{"raw_text": "x", "tags": ["a\\u0000"]}', "U+0000"),
        (b'{"raw_text": "x", "title": 5}', "title: Not a valid string"),
        (b'{"raw_text": "x", "status": "discarded"}', "status"),
        (b'{"raw_text": "x", "created_at": "yesterday"}', "created_at"),
        (b'{"source_url": "ftp://x"}', "source_url"),
        (
            b'{"raw_text": "x", "suggestions": [{"name": "a", "confidence": 2, "status": "x"}]}',
            "sugg",
        ),
        (b'{"type": "task", "title": " "}', "title"),
        (b'{"type": "task", "title": "x", "recurrence": "FREQ=SECONDLY"}', "recurrence"),
        (b'\xff{"raw_text": "x"}', "not valid JSON"),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_its_line_and_the_others_are_not(
    olga, line, said, imported
):
    found = imported(olga, b'{"raw_text": "good"}\n\n' + line)
    assert counts(found) == ("completed", 1, 1, 1, 0, 1)
    (mistake,) = found["mistakes"]
    assert mistake["line"] == 3
    assert said in mistake["message"]


def test_only_the_first_mistakes_are_told(olga, imported):
    found = imported(olga, b"x\n" * 80 + b'{"raw_text": "good"}')
    assert found["refused"] == 80
    assert len(found["mistakes"]) == reader.MOST_MISTAKES


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"", LINES, "There is nothing to import"),
        (b"", BOOKMARKS, "There is nothing to import"),
        (b"\x00\xff\x00" * 50, BOOKMARKS, "There is nothing to import"),
        (b"{}\n{}", LINES, "in line 1: raw_text: Has neither"),
    ],
)
def test_a_file_with_nothing_in_it_fails_and_says_so(olga, body, headers, said, imported):
    found = imported(olga, body, headers)
    assert found["status"] == "failed"
    assert said in found["error"]


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


def test_a_cancelled_import_ends_the_child_that_reads_its_file(olga, worker, monkeypatch):
    monkeypatch.setattr(read_imports, "READER", "tests.parsing.endless")
    monkeypatch.setattr(line, "_REPORT_EVERY", 0.1)
    import_id = upload(olga, [{"raw_text": "note"}])
    before = children()
    with ThreadPoolExecutor(1) as pool:
        round_of_reading = pool.submit(worker(reading).round)
        while children() <= before and not round_of_reading.done():
            time.sleep(0.01)
        assert olga.client.post(f"/api/imports/{import_id}/cancel").status_code == 200
        assert round_of_reading.result(timeout=60) == 1  # it may read for two minutes
    assert children() <= before
    assert state(olga, import_id)["status"] == "cancelled"


def test_an_operator_has_a_failed_one_go_on(olga, worker, owner, work):
    import_id = upload(olga, [{"raw_text": "note"}])
    worker(reading).round()
    owner.execute(
        "UPDATE imports SET status = 'failed', ended_at = now() WHERE id = %s", (import_id,)
    )
    owner.execute("DELETE FROM outbox")
    from sql import queries

    assert queries.imports.retry(owner, id=import_id) == 1
    work()
    assert state(olga, import_id)["status"] == "completed"


def test_old_imports_are_forgotten(olga, worker, owner, work):
    ids = [upload(olga, b"{}") for _ in range(2)]
    work()
    owner.execute("UPDATE imports SET ended_at = now() - interval '31 days' WHERE id = %s", ids[:1])
    owner.execute("INSERT INTO outbox (kind, subject_id) VALUES ('expire_imports', uuidv7())")
    worker(expire_imports).round()
    assert [each["id"] for each in olga.client.get("/api/imports").json["items"]] == ids[1:]


def test_hostile_nesting_is_one_failed_import(olga, imported):
    found = imported(olga, b'{"raw_text": ' + b"[" * 100_000)
    assert found["status"] == "failed"


@pytest.mark.parametrize(
    ("bad", "refused"),
    [
        ({"raw_text": "x", "published_at": "0001-01-01T00:00:00+14:00"}, 1),
        ({"raw_text": "x", "published_at": "9999-12-31T23:59:59-14:00"}, 1),
        ({"raw_text": "x", "published_at": "2020-01-01T00:00:00+23:59"}, 0),
        ({"raw_text": "x", "published_at": "0800-12-25T12:00:00Z"}, 0),
        ({"raw_text": "x", "created_at": "2020-01-01T00:00:00+16:00"}, 0),
        ({"raw_text": "x", "updated_at": "2020-01-01T00:00:00-16:00"}, 0),
        ({"raw_text": "x", "confirmed_at": "2020-01-01T00:00:00-23:59"}, 0),
        ({"type": "task", "title": "x", "due_at": "2030-01-01T00:00:00+16:00"}, 0),
        (
            {
                "raw_text": "x",
                "suggestions": [{"name": "a", "confidence": 1e-50, "status": "pending"}],
            },
            0,
        ),
    ],
)
def test_no_entry_that_is_taken_is_refused_by_the_database(olga, bad, refused, imported):
    found = imported(olga, [{"raw_text": "good"}, bad])
    assert (found["status"], found["refused"]) == ("completed", refused)
    rows = exported(olga)
    assert rows[-1]["type"] == "end"
    for row in rows[:-1]:
        assert olga.client.get(f"/api/items/{row['id']}").status_code == 200


@pytest.mark.parametrize(
    "file",
    [
        LINK_OF.format("Café").encode(),
        b"\xef\xbb\xbf" + LINK_OF.format("Café").encode(),
        LINK_OF.format("Café").encode("cp1252"),
        b'<META CONTENT="text/html; charset=iso-8859-2">' + LINK_OF.format("Café").encode("latin2"),
        b"<meta charset=shift_jis>" + LINK_OF.format("喫茶店").encode("shift_jis"),
        b"<meta charset=nonsense>" + LINK_OF.format("Café").encode("cp1252"),
    ],
    ids=range(6),
)
def test_files_are_read_as_they_are_encoded(olga, file, imported):
    imported(olga, file, BOOKMARKS)
    (item,) = olga.client.get("/api/library").json["items"]
    assert item["title"] in ("Café", "喫茶店")


GOOD = '<DT><A HREF="https://example.com/good">good</A>\n'
LINK = '<DT><A HREF="https://example.com/n" {}>x</A>'


@pytest.mark.parametrize(
    "bad",
    [
        LINK.format("").replace("x<", "nul \x00 in it<"),
        LINK.format('TAGS="a\x00b"'),
        LINK.format("") + "<DD>nul \x00",
        LINK.format('ADD_DATE="' + "9" * 400 + '"'),
        LINK.format('ADD_DATE="13345678901234567"'),
        LINK.format('ADD_DATE="99999999999"'),
        LINK.format("") + "<![ foo",
        LINK.format("") + "<![foo[ x",
        LINK.format("").replace("x<", "\x01" * 300 + "<"),
        "".join(
            LINK.format(f'TAGS="{",".join(f"{p}-{n}" for n in range(20))}"') for p in range(51)
        ),
    ],
    ids=range(10),
)
def test_no_bookmark_stops_the_others(olga, bad, imported):
    found = imported(olga, (GOOD + bad).encode(), BOOKMARKS)
    assert counts(found) == ("completed", 2, 2, 2, 0, 0)


@pytest.mark.parametrize("depth", [200, 600, 5000])
def test_no_nested_line_stops_the_others(olga, depth, imported):
    file = b'{"raw_text": "good"}\n{"raw_text": "x", "z": ' + b"[" * depth + b"]" * depth + b"}"
    found = imported(olga, file)
    assert found["status"] == "completed"
    assert found["added"] + found["refused"] == 2


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


def test_a_byte_order_mark_is_no_part_of_the_first_line(olga, imported):
    file = b'\xef\xbb\xbf{"raw_text": "a"}\r\n{"raw_text": "b"}\r\n'
    assert counts(imported(olga, file)) == ("completed", 2, 2, 2, 0, 0)


def test_long_entries_make_small_batches(olga, worker, rounds):
    import_id = upload(olga, [{"raw_text": "x", "content": "oak " * 100_000} for _ in range(5)])
    worker(reading).round()
    done = [state(olga, import_id)["done"] for _ in rounds(adding)]
    assert 0 < done[0] < 5
    assert state(olga, import_id)["status"] == "completed"


def test_imports_of_items_and_tasks_never_wait_in_a_circle(olga, owner, rounds, logged):
    for n in range(20):
        one, two = (["a"], ["b"]) if n % 2 else (["b"], ["a"])
        upload(
            olga,
            [{"raw_text": "x", "tags": one}, {"type": "task", "title": "x", "tags": two}],
        )
    assert len(list(rounds(reading))) > 0
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: list(rounds(adding, batch=1)), range(4)))
    ends = owner.execute("SELECT DISTINCT status, error FROM imports").fetchall()
    assert ends == [("completed", None)]
    assert "attempt_failed" not in [line["event"] for line in logged]


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
