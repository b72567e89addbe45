"""An account that has everything, for archives of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from tests.blueprints.extraction import extracted

ODD: str = 'Ärger/..\\ "quoted" 测试 💥\u202e,;'

COLUMNS = {"Item": "text", "Price": "decimal"}


def post(person: Any, path: str, body: Any = None, **more: Any) -> Any:
    answer = person.client.post(f"/api/{path}", json=body, **more)
    assert answer.status_code in (200, 201, 202), answer.json
    return answer.json


def patch(person: Any, path: str, body: Any) -> Any:
    answer = person.client.patch(f"/api/{path}", json=body)
    assert answer.status_code == 200, answer.json
    return answer.json


def upload(person: Any, body: bytes, name: str, path: str = "documents") -> Any:
    answer = person.client.post(
        f"/api/{path}",
        data=body,
        query_string={"name": name},
        headers={"Content-Type": "application/octet-stream"},
    )
    assert answer.status_code in (200, 201), answer.json
    return answer.json


def fill(person: Any, owner: Any, is_ready: Any) -> dict[str, Any]:
    """Give a person everything; the ids of some of it."""
    ids: dict[str, Any] = {}
    post(person, "tags", {"name": "garden", "color": "#00ff7f"})
    post(person, "tags", {"name": ODD[:40]})
    outer = post(person, "folders", {"name": "Bills"})["id"]
    inner = post(person, "folders", {"name": "2026", "parent_id": outer})["id"]
    # A folder that is older than the one it is in.
    old = post(person, "folders", {"name": "Old"})["id"]
    late = post(person, "folders", {"name": "Late"})["id"]
    patch(person, f"folders/{old}", {"parent_id": late})
    ids["folder"] = inner
    ids["outer_folder"] = outer
    rule = {"name": "Shop", "phrases": ["shop"], "category": "Invoice", "folder_id": inner}
    post(person, "rules", rule | {"tags": ["bought"]})
    _rule_for_items(person, inner)
    ids["document"] = _document(person, owner, is_ready, inner)
    _items(person, owner, ids)
    _annotations(person, ids)
    _places(person, ids)
    _feeds(person, owner, ids)
    for name, q in ((ODD[:50], "gardener in:Bills"), ("Unread", "fence type:article")):
        post(person, "saved-searches", {"name": name, "q": q})
    _tasks(person, owner, ids)
    _tables(person, owner, ids)
    return ids


def _rule_for_items(person: Any, folder: str) -> None:
    conditions = {
        "applies_to": "items",
        "addresses": ["example.com/a*"],
        "source_types": ["article"],
        "with_tags": ["garden", ODD[:40]],
    }
    given = {"folder_id": folder, "tags": ["given"], "action": "confirm", "is_active": False}
    post(person, "rules", {"name": "Articles"} | conditions | given)
    # Gives to every note a tag and a folder, which are taken away again below.
    rule = {"name": "Notes", "applies_to": "items", "source_types": ["note"], "folder_id": folder}
    post(person, "rules", rule | {"tags": ["ruled"]})


def _document(person: Any, owner: Any, is_ready: Any, folder: str) -> str:
    made = upload(person, b"The first letter of a gardener.\n" * 20, f"{ODD[:30]}.txt")
    document_id: str = made["id"]
    is_ready(document_id, "The first letter of a gardener.")
    upload(person, b"The second letter. " * 500, "second.txt", f"documents/{document_id}/versions")
    is_ready(document_id, "The second letter.\fIts second page.")
    owner.execute("UPDATE document_versions SET media_type = 'text/plain', kind = 'text'")
    given = {"title": "A letter", "category": "Letter", "metadata": {"number": 12, "odd": ODD}}
    patch(person, f"documents/{document_id}", given | {"add_tags": ["garden"]})
    post(person, f"documents/{document_id}/move", {"folder_id": folder})
    owner.execute("SELECT set_config('coffer.actor', 'worker:classify_documents', false)")
    for field, value, status in (
        *(("correspondent", "Ann", "pending"), ("folder_id", folder, "rejected")),
        ("tag", "garden", "accepted"),
    ):
        owner.execute(
            "INSERT INTO suggestions (workspace_id, document_id, field, value, confidence, source,"
            " status) VALUES (%s, %s, %s, %s, 0.4, 'learned', %s)",
            (person.workspace_id, document_id, field, value, status),
        )
    owner.execute("UPDATE documents SET classified = '\\x0102' WHERE id = %s", (document_id,))
    owner.execute("SELECT set_config('coffer.actor', '', false)")
    thrown = upload(person, b"thrown away", "thrown.txt")["id"]
    post(person, f"documents/{thrown}/discard")
    broken = upload(person, b"not to be read", "broken.txt")["id"]
    owner.execute(
        "UPDATE documents SET status = 'failed', error = 'no', error_code = 'damaged'"
        " WHERE id = %s",
        (broken,),
    )
    return document_id


def _items(person: Any, owner: Any, ids: dict[str, Any]) -> None:
    note = {"source_type": "note", "raw_text": ODD, "tags": ["garden", ODD[:40]], "enrich": False}
    ids["item"] = post(person, "items", note | {"document_id": ids["document"]})["id"]
    patch(person, f"items/{ids['item']}", {"is_favourite": True, "is_read": True, "raw_text": "x"})
    for status, url in (
        *(("ready_to_confirm", "https://example.com/a?b=1"), ("failed", "https://example.com/f")),
        ("discarded", "https://example.com/d"),
    ):
        item = {"source_type": "article", "source_url": url, "title": ODD}
        made = post(person, "items", item)["id"]
        owner.execute(
            "UPDATE items SET status = %s, summary = 'short', language = 'de', author = 'Bea',"
            " published_at = '2020-02-03 04:05:06.789Z', content = %s, same_page_as = %s"
            " WHERE id = %s",
            (status, "long " * 1000, ids["item"], made),
        )
        owner.execute(
            "INSERT INTO suggestions (workspace_id, item_id, value, confidence, status,"
            " awaits_review) VALUES (%s, %s, 'tools', 0.7, 'pending', %s)",
            (person.workspace_id, made, status == "ready_to_confirm"),
        )
        owner.execute(
            "INSERT INTO item_addresses VALUES (%s, %s, sha256(%s::bytea), %s, 'redirect')",
            (person.workspace_id, made, url, url),
        )
    owner.execute("DELETE FROM outbox WHERE kind = 'enrich_items'")


def _annotations(person: Any, ids: dict[str, Any]) -> None:
    path = f"items/{ids['item']}/annotations"
    place = {"prefix": "before ", "suffix": " after", "start_offset": 7, "end_offset": 12}
    made = post(person, path, {"quote": ODD, "color": "green", "note": "why"} | place)["id"]
    post(person, path, {"note": ODD})
    patch(person, f"annotations/{made}", {"note": "edited later"})


def _places(person: Any, ids: dict[str, Any]) -> None:
    """In two folders by hand; out of the one that a rule gave, like one of its tags."""
    item = f"items/{ids['item']}"
    shown = person.client.get(f"/api/{item}").json
    assert ids["folder"] in [each["id"] for each in shown["folders"]], shown
    assert "ruled" in shown["tags"], shown
    patch(person, item, {"folder_ids": [ids["outer_folder"]], "remove_tags": ["ruled"]})
    filed = post(person, "items", {"source_type": "note", "raw_text": "filed", "enrich": False})
    both = [ids["folder"], ids["outer_folder"]]
    patch(person, f"items/{filed['id']}", {"folder_ids": both})
    ids["filed"] = filed["id"]


def _feeds(person: Any, owner: Any, ids: dict[str, Any]) -> None:
    for status in ("active", "failing", "stopped"):
        feed = {"url": f"https://example.com/{status}.xml", "tags": ["garden", "news"]}
        more = {"name": ODD[:50], "folder_id": ids["folder"], "interval_minutes": 77}
        made = post(person, "feeds", feed | more)["id"]
        owner.execute(
            "UPDATE feeds SET title = 'News', site_url = 'https://example.com/', etag = 'x',"
            " last_modified = 'y', read_at = now(), checked_at = now() WHERE id = %s",
            (made,),
        )
        if status != "active":
            owner.execute(
                "UPDATE feeds SET status = %(status)s, failures = 3, last_error = 'no',"
                " next_check_at = CASE WHEN %(status)s <> 'stopped' THEN next_check_at END"
                " WHERE id = %(id)s",
                {"status": status, "id": made},
            )
        owner.execute(
            "INSERT INTO feed_entries VALUES (%(id)s, sha256('1'), sha256('2'), NULL),"
            " (%(id)s, sha256('3'), NULL, '2026-01-01 00:00:00Z')",
            {"id": made},
        )
    owner.execute("DELETE FROM outbox WHERE kind = 'check_feeds'")


def _tasks(person: Any, owner: Any, ids: dict[str, Any]) -> None:
    first = post(
        person,
        "me/tasks",
        {
            "title": ODD,
            "description": "by hand",
            "priority": 2,
            "tags": ["garden", "mine"],
            "due_on": "2026-03-01",
            "recurrence": "FREQ=WEEKLY",
            "time_zone": "Europe/Vienna",
            "item_id": ids["item"],
            "document_id": ids["document"],
        },
    )["id"]
    assert person.client.patch(f"/api/me/tasks/{first}/complete").status_code == 200
    post(person, "me/tasks", {"title": "timed", "due_at": "2031-01-01T10:00:00Z"})
    ids["task"] = first


def _tables(person: Any, owner: Any, ids: dict[str, Any]) -> None:
    job = extracted.job(owner, ids["document"])
    rows = [["007", ("-1234.5O", "-1234.50")], ["=1+1", ("x", ..., 0.3)], ["", ("2", "2")]]
    table = extracted.table(owner, job, COLUMNS, *rows)
    extracted.succeed(owner, job)
    owner.execute(
        "INSERT INTO cell_corrections (table_id, number, column_index, document_id, text, value,"
        " corrected_by) VALUES (%s, 2, 1, %s, '7', '\"7\"', %s)",
        (table, ids["document"], person.id),
    )
    failed = extracted.job(owner, ids["document"], "failed")
    owner.execute("UPDATE configurations SET status = 'active' WHERE version = 1")
    owner.execute(
        "INSERT INTO automatic_types (workspace_id, document_type, created_by)"
        " VALUES (%s, 'budget', %s)",
        (person.workspace_id, person.id),
    )
    ids |= {"job": str(job), "table": str(table), "failed_job": str(failed)}


def contents(archive: bytes) -> dict[str, Any]:
    """What is in an archive, by the names of its files; but for what is of the archive itself, and
    for what is only there to be read."""
    found: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        for name in file.namelist():
            data = file.read(name)
            if name.endswith(".jsonl"):
                found[name] = [json.loads(line) for line in data.splitlines()]
            else:
                found[name] = data
    manifest = json.loads(found.pop("manifest.json"))
    events = found.pop("events.jsonl")
    assert manifest["parts"]["events"]["count"] == len(events)
    for name in ("written_at", "coffer"):
        del manifest[name]
    del manifest["parts"]["events"]
    return found | {"manifest": manifest}
