"""What is put back, whatever the archive says and however often: nothing doubled, nothing leaks."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.archives.account import contents, fill
from tests.archives.written import A, B, C, archive_of, item
from webapp.archives import restoring

pytestmark = pytest.mark.long


def rows_of(owner, table):
    return owner.execute(f"SELECT to_jsonb(t) FROM {table} AS t ORDER BY 1").fetchall()


TABLES = (
    *("items", "item_tags", "tasks", "tags", "folders", "rules", "documents", "document_versions"),
    *("suggestions", "configurations", "jobs", "extracted_tables", "extracted_rows"),
    *("folder_items", "item_rulings", "annotations", "feeds", "feed_entries", "saved_searches"),
)


def test_what_is_there_already_is_left_as_it_is(olga, owner, is_ready, write, put):
    fill(olga, owner, is_ready)
    archive = write(olga)
    before = [rows_of(owner, table) for table in TABLES]
    used = olga.client.get("/api/quota").json
    done = put(olga, archive)
    assert (done["status"], done["added"], done["mistakes"]) == ("completed", 1, [])  # the settings
    assert [rows_of(owner, table) for table in TABLES] == before
    assert olga.client.get("/api/quota").json == used


def test_somebody_else_gets_copies_once_under_other_ids(people, olga, owner, is_ready, write, put):
    fill(olga, owner, is_ready)
    archive = write(olga)
    hers = [rows_of(owner, table) for table in TABLES]
    sten = people.person("sten")
    for is_known in (False, True):
        done = put(sten, archive)
        assert (done["status"], done["error"], done["mistakes"]) == ("completed", None, [])
        assert (done["added"] == 1) is is_known
    then, now = contents(archive), contents(write(sten))
    assert [then["manifest"]["parts"][name]["count"] for name in then["manifest"]["parts"]] == [
        now["manifest"]["parts"][name]["count"] for name in then["manifest"]["parts"]
    ]
    assert [each["title"] for each in then["items.jsonl"]] == [
        each["title"] for each in now["items.jsonl"]
    ]
    names = {
        each["id"]
        for part in now.values()
        if isinstance(part, list)
        for each in part
        if "id" in each
    }
    assert not names & {each["id"] for each in then["items.jsonl"]}
    for part in ("tasks", "items", "rules", "feeds", "annotations", "folder_items", "item_rulings"):
        for row in now[f"{part}.jsonl"]:
            for key in ("item_id", "document_id", "same_page_as", "follows_id", "folder_id"):
                assert row.get(key) is None or row[key] in names, (part, key)
    mine = {str(olga.workspace_id)}
    for table, before in zip(TABLES, hers, strict=True):
        left = [row for row in rows_of(owner, table) if row in before]
        assert left == before, table
    assert mine


def test_a_killed_worker_is_followed_by_one_that_adds_each_row_once(
    people, olga, owner, is_ready, write, put, forget, monkeypatch
):
    fill(olga, owner, is_ready)
    archive = write(olga)
    forget()
    moved = people.person("moved")
    killed = []
    advance = restoring.Restoring._save

    def dying(self, conn, part, lines, tally):
        if len(killed) < 12 and len(killed) % 2 == 0 and self.seen:
            killed.append(part.name)
            raise restoring.Ended  # and the transaction is rolled back
        killed.append(part.name)
        advance(self, conn, part, lines, tally)

    monkeypatch.setattr(restoring.Restoring, "_save", dying)
    for _ in range(20):
        done = put(moved, archive) if not killed else _again(moved, owner, put)
        if done["status"] != "restoring":
            break
    assert (done["status"], done["duplicates"], done["refused"]) == ("completed", 0, 0), done
    then, now = contents(archive), contents(write(moved))
    for name in (
        "items.jsonl",
        "tasks.jsonl",
        "documents.jsonl",
        "rows.jsonl",
        "corrections.jsonl",
    ):
        assert now[name] == then[name]


def _again(person, owner, put):
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, workspace_id)"
        " SELECT 'read_archives', id, workspace_id FROM imports WHERE status = 'restoring'"
    )
    return put.go_on(person)


def test_ids_of_strangers_reach_nothing_of_theirs(people, olga, owner, make, put):
    theirs = make.item({"id": olga.id, "workspace_id": olga.workspace_id}, status="confirmed")
    task = make.task(olga)
    before = [rows_of(owner, table) for table in ("items", "tasks", "suggestions")]
    sten = people.person("sten")
    stranger = str(theirs["id"])
    lines = {
        "items": [
            item(id=stranger, title="mine", document_id=stranger, same_page_as=stranger),
            item(id=B, workspace_id=str(olga.workspace_id), created_by=str(olga.id)),
            item(
                id=C,
                suggestions=[
                    {
                        "id": stranger,
                        "value": "v",
                        "confidence": 1,
                        "status": "pending",
                        "field": "tag",
                        "source": "ai",
                        "awaits_review": False,
                        "document_id": stranger,
                    }
                ],
            ),
        ],
        "tasks": [
            {
                "id": str(task["id"]),
                "title": "t",
                "status": "pending",
                "priority": 0,
                "item_id": stranger,
                "follows_id": str(task["id"]),
                "is_edited": False,
                "user_id": str(olga.id),
                "workspace_id": str(olga.workspace_id),
                "created_at": "2020-01-01T00:00:00Z",
                "updated_at": "2020-01-01T00:00:00Z",
            }
        ],
    }
    done = put(sten, archive_of(lines))
    assert (done["status"], done["added"]) == ("completed", 4), done
    whose = owner.execute(
        "SELECT DISTINCT workspace_id, created_by FROM items WHERE id <> %s", (stranger,)
    ).fetchall()
    assert whose == [(sten.workspace_id, sten.id)]
    (linked,) = owner.execute("SELECT item_id FROM tasks WHERE user_id = %s", (sten.id,)).fetchone()
    (mine,) = owner.execute("SELECT id FROM items WHERE title = 'mine'").fetchone()
    assert linked == mine != theirs["id"]
    for table, kept in zip(("items", "tasks", "suggestions"), before, strict=True):
        assert all(row in rows_of(owner, table) for row in kept)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "The line is not JSON."),
        (b"[]", "The line is not a JSON object."),
        (b"[" * 100_000, "The line is not JSON."),
        (b'"' + b"x" * (9 << 20) + b'"', "The line is too long."),
        ({"title": "x"}, "It has no id."),
        ({"id": 7}, "It has no id."),
        (item(id=A), "Its id occurs twice."),
        (item(id=B, title="x" * 201), "It breaks a rule: items title is 1 to 200 characters."),
        (item(id=B, title=None, raw_text=None), "It breaks a rule: items have a text or a url."),
        (item(id=B, created_at="never"), "Its created_at is not a time."),
        (item(id=B, created_at="-infinity"), "Its created_at is not a time."),
        (item(id=B, source_url="javascript:alert(1)"), "Must begin with http"),
        (item(id=B, raw_text={"a": [1]}, source_type=["note"]), "It breaks a rule"),
        (item(id=B, status="read"), "It breaks a rule: transitions."),
        (item(id=B, title="\0"), "It is not as it should be"),
        (item(id=B, is_read="perhaps"), "It is not as it should be"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_the_others_are_taken(
    people, owner, put, line, said
):
    person = people.person("ina")
    done = put(person, archive_of({"items": [item(), line, item(id=C)]}))
    assert (done["status"], done["added"], done["refused"]) == ("incomplete", 2, 1), done
    assert [(each["file"], each["line"]) for each in done["mistakes"]] == [("items.jsonl", 2)]
    assert said in done["mistakes"][0]["message"]


BOMB = archive_of({"items": []}, files={"documents/x": b"0" * (300 << 20)})


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (b"PK", "is not a ZIP"),
        (b"PK" + b"x" * 100_000, "is not a ZIP"),
        (archive_of({"items": [item()]})[:-30], "is not a ZIP"),
        (archive_of({}, manifest={"format": "other"}), "not an archive of Coffer"),
        (archive_of({}, manifest={"version": 99}), "another version"),
        (BOMB, "many times larger"),
    ],
)
def test_a_file_that_is_no_archive_is_refused_in_words(people, owner, put, archive, said):
    done = put(people.person("ina"), archive)
    assert done["status"] == "failed", done
    assert any(each in done["error"] for each in said.split("|")), done["error"]
    assert owner.execute("SELECT DISTINCT status FROM objects").fetchall() == [("doomed",)]


def test_lies_of_the_manifest_and_damage_make_an_import_incomplete(people, put):
    person = people.person("ina")
    done = put(person, archive_of({"items": [item()]}, counts={"items": 5}))
    assert (done["status"], done["added"], done["missed"]) == ("incomplete", 1, 4)
    parts = {"items": {"count": 1, "sha256": "0" * 64}}
    done = put(person, archive_of({"items": [item(id=B)]}, manifest={"parts": parts}))
    assert (done["status"], done["added"]) == ("incomplete", 1)
    assert done["error"] == "items.jsonl is not as the manifest says."


def test_names_that_lead_elsewhere_or_come_twice_do_nothing(people, put):
    person = people.person("ina")
    out = io.BytesIO(archive_of({"items": [item()]}, files={"../../etc/passwd": b"x", "/x": b"y"}))
    done = put(person, out.getvalue())
    assert (done["status"], done["added"]) == ("completed", 1)
    with zipfile.ZipFile(out, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr("items.jsonl", b"")
    done = put(person, out.getvalue())
    assert (done["status"], done["error"]) == (
        "failed",
        "The archive has two files of the same name.",
    )


def test_files_that_do_not_fit_the_quota_are_refused_before_anything(
    people, olga, owner, is_ready, write, put
):
    fill(olga, owner, is_ready)
    archive = write(olga)
    sten = people.person("sten")
    owner.execute(
        "INSERT INTO quotas (user_id, limit_bytes, default_bytes) VALUES (%s, 100, 100)", (sten.id,)
    )
    done = put(sten, archive)
    assert (done["status"], done["added"]) == ("failed", 0)
    assert "100 of your quota are free" in done["error"]
    assert sten.client.get("/api/library").json["items"] == []


def test_a_document_whose_file_is_another_is_refused(people, olga, owner, is_ready, write, put):
    fill(olga, owner, is_ready)
    archive = contents(write(olga))
    manifest = archive.pop("manifest")
    files = {name: data for name, data in archive.items() if not name.endswith(".jsonl")}
    changed = next(name for name in files if name.endswith("/1.txt"))
    files[changed] = b"another"
    parts = {
        name.removesuffix(".jsonl"): rows
        for name, rows in archive.items()
        if name.endswith("jsonl")
    }
    sten = people.person("sten")
    done = put(sten, archive_of(parts, files=files))
    assert done["status"] == "incomplete"
    assert {each["file"] for each in done["mistakes"]} >= {"documents.jsonl"}
    said = [each["message"] for each in done["mistakes"] if each["file"] == "documents.jsonl"]
    assert said == ["Its file in the archive has another SHA-256 than it says."]
    assert manifest
    (left,) = owner.execute(
        "SELECT count(*) FROM objects WHERE user_id = %s AND status = 'writing'", (sten.id,)
    ).fetchone()
    assert left == 0
