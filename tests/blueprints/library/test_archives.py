"""Archives over HTTP: asked for, shown, downloaded in parts, and only to whom they belong."""

from __future__ import annotations

import io
import zipfile

import pytest

from sql import queries
from tests.archives.conftest import put, write  # noqa: F401 -- fixtures
from tests.blueprints.examples import Examples
from workers.expire_archives import expire_archives


def archive_in(place):
    """An archive that could not be written, since only one is written at a time."""
    mine = {"workspace_id": place.workspace_id, "user_id": place.owner.id}
    archive_id = queries.archives.create(place.make.conn, **mine)["id"]
    queries.archives.fail(place.make.conn, id=archive_id, error="The store is away.")
    return archive_id


EXAMPLES = Examples(things={"archive_id": archive_in}, personal={"archive_id"})

PATH = "/api/archives"


def test_an_archive_is_asked_for_once_at_a_time(ana):
    asked = ana.post(PATH)
    assert asked.status_code == 202
    assert (asked.json["status"], asked.json["bytes"], asked.json["counts"]) == (
        "pending",
        None,
        {},
    )
    again = ana.post(PATH)
    assert (again.status_code, again.json["code"]) == (409, "archive_in_progress")
    assert [each["id"] for each in ana.get(PATH).json["items"]] == [asked.json["id"]]
    early = ana.get(f"{asked.headers['Location']}/download")
    assert (early.status_code, early.json["code"]) == (409, "archive_unavailable")
    assert ana.delete(asked.headers["Location"]).status_code == 204
    assert ana.get(asked.headers["Location"]).status_code == 404
    assert ana.post(PATH).status_code == 202


@pytest.mark.long
def test_an_archive_is_downloaded_in_parts_and_counts_towards_no_quota(olga, owner, write):  # noqa: F811
    whole = write(olga)
    made = olga.client.get(PATH).json["items"][0]
    path = f"{PATH}/{made['id']}/download"
    part = olga.client.get(path, headers={"Range": "bytes=2-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, whole[2:10])
    etag = part.headers["ETag"]
    assert etag == f'"{made["sha256"]}"'
    assert olga.client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert olga.client.get("/api/quota").json["used_bytes"] == 0
    actions = owner.execute("SELECT action FROM audit_log ORDER BY id").fetchall()
    assert actions[-2:] == [("archive.requested",), ("archive.downloaded",)]


@pytest.mark.long
def test_only_the_last_three_archives_of_a_user_stay_and_only_for_days(
    olga,
    owner,
    worker,
    write,  # noqa: F811
):
    for _ in range(4):
        write(olga)
    states = [each["status"] for each in olga.client.get(PATH).json["items"]]
    assert states == ["ready", "ready", "ready", "expired"]
    owner.execute("UPDATE archives SET expires_at = now() WHERE status = 'ready'")
    owner.execute("UPDATE archives SET ended_at = now() - interval '31 days'")
    owner.execute("INSERT INTO outbox (kind, subject_id) VALUES ('expire_archives', uuidv7())")
    worker(expire_archives).round()
    assert olga.client.get(PATH).json["items"] == []
    assert owner.execute("SELECT DISTINCT status FROM objects").fetchall() == [("doomed",)]


@pytest.mark.long
def test_a_member_gets_what_the_workspace_has_and_his_own_tasks_alone(
    people,
    olga,
    write,  # noqa: F811
):
    max_ = people.person("max")
    workspace = people.workspace(olga, member=max_)
    there = {"headers": {"X-Workspace-Id": str(workspace)}}
    for person, title in ((olga, "hers"), (max_, "his")):
        task = {"title": title, "tags": [f"tag of {title}"]}
        assert person.client.post("/api/me/tasks", json=task, **there).status_code == 201
    note = {"source_type": "note", "raw_text": "ours", "enrich": False}
    assert olga.client.post("/api/items", json=note, **there).status_code == 201
    with zipfile.ZipFile(io.BytesIO(write(max_, **there))) as archive:
        said = {name: archive.read(name) for name in archive.namelist()}
    assert b"ours" in said["items.jsonl"]
    assert b"his" in said["tasks.jsonl"]
    assert not any(b"hers" in each for each in said.values())
    assert "webhooks.jsonl" not in said  # only owners see them
