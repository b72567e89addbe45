"""Storing pictures and metadata, by a service elsewhere."""

from __future__ import annotations

import dataclasses
import json

import pytest

from benchmarks.tokens import buckets, seasons
from tests.workers.conftest import due_now
from webapp.clients.ipfs.cid import PROFILES, cid_of
from webapp.clients.ipfs.contract import AnotherCid, IpfsError
from workers.engine.buckets import Bucket
from workers.engine.transactions import transactions_of
from workers.upload_to_ipfs import Outside, upload_to_ipfs

pytestmark = pytest.mark.long

PROFILE = PROFILES["kubo-cid-v1"]
PICTURE = b"\x89PNG of a whale"
CID = cid_of(PICTURE, PROFILE)


class Service:
    """In place of Pinata: does what `before` says, then keeps the file."""

    service = "pinata"

    def __init__(self):
        self.files = []
        self.before = lambda file: None

    def store(self, file):
        self.before(file)
        self.files.append(file)

    def close(self):
        pass


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def uploading(worker, service):
    def open_clients(settings):
        return Outside(
            store=service,
            profile=PROFILE,
            bucket=Bucket("pinata", 60_000, settings),
            transaction=transactions_of("upload_to_ipfs", settings),
        )

    return worker(dataclasses.replace(upload_to_ipfs, open_clients=open_clients))


@pytest.fixture
def token(season, owner):
    """A token with a picture, whose files are to be stored."""
    (token_id,) = season.mint()
    season.insert_row(
        "ipfs_files", cid=CID, media_type="image/png", size=len(PICTURE), bytes=PICTURE
    )
    owner.execute("UPDATE tokens SET status = 'generating'")
    owner.execute(
        "UPDATE tokens SET status = 'uploading', image_cid = %s, image_type = 'image/png'", (CID,)
    )
    owner.execute("DELETE FROM outbox WHERE kind <> 'upload_to_ipfs'")
    return token_id


def records(owner):
    rows = owner.execute(
        "SELECT record_type, status, cid FROM ipfs_upload_records ORDER BY record_type"
    )
    return rows.fetchall()


def planned(owner):
    return owner.execute("SELECT count(*) FROM outbox WHERE kind = 'plan_reveals'").fetchone()[0]


def test_picture_and_metadata_are_sent_as_the_very_bytes_of_their_cids(
    uploading, service, season, token, owner
):
    uploading.round()
    found = season.token(token)
    assert found["status"] == "ready"
    assert [(file.cid, file.media_type) for file in service.files] == [
        (CID, "image/png"),
        (found["metadata_cid"], "application/json"),
    ]
    assert all(cid_of(file.data, PROFILE) == file.cid for file in service.files)
    assert json.loads(service.files[1].data)["image"] == f"ipfs://{CID}"
    assert records(owner) == [
        ("image", "stored", CID),
        ("metadata", "stored", found["metadata_cid"]),
    ]
    assert planned(owner) == 1


def test_what_is_stored_is_not_sent_again(uploading, service, season, token, owner):
    def fail(file):
        if file.media_type == "application/json":
            raise IpfsError("It is down.")

    service.before = fail
    uploading.round()
    assert season.statuses() == ["uploading"]
    assert [record[:2] for record in records(owner)] == [
        ("image", "stored"),
        ("metadata", "pending"),
    ]
    service.before = lambda file: None
    due_now(owner)
    uploading.round()
    assert season.statuses() == ["ready"]
    assert [file.media_type for file in service.files] == ["image/png", "application/json"]


def test_another_cid_fails_the_token_at_once(uploading, service, season, token, owner):
    def another(file):
        raise AnotherCid("Pinata", file.cid, "QmOther")

    service.before = another
    uploading.round()
    found = season.token(token)
    assert (found["status"], found["error_code"]) == ("failed", "not_stored")
    assert "QmOther" in found["error"]
    assert records(owner) == [("image", "failed", CID)]
    assert planned(owner) == 0


def test_a_service_that_slows_down_is_left_alone_by_everybody(
    uploading, service, season, token, owner
):
    def slow(file):
        raise IpfsError("Too many.", retry_after=50, slows_down=True)

    service.before = slow
    uploading.round()
    due_now(owner)
    service.before = lambda file: None
    assert uploading.round() == 0
    assert owner.execute("SELECT attempts FROM outbox").fetchall() == [(0,)]
    owner.execute("DELETE FROM rate_limits")
    uploading._lines["upload_to_ipfs"]._permitted_from = 0.0
    uploading.round()
    assert season.statuses() == ["ready"]


def test_a_token_that_is_orphaned_in_the_middle_stays_so(uploading, service, season, token, owner):
    service.before = lambda file: owner.execute("UPDATE tokens SET status = 'orphaned'")
    uploading.round()
    assert season.statuses() == ["orphaned"]
    assert season.token(token)["metadata_cid"] is None
    assert planned(owner) == 0
    assert owner.execute("SELECT FROM dead_letters").fetchone() is None


def test_whoever_is_planning_plans_again(uploading, season, token, owner):
    owner.execute(
        "INSERT INTO outbox (kind, subject_id, workspace_id, claim)"
        " VALUES ('plan_reveals', %s, %s, 4711)",
        (season.id, season.workspace_id),
    )
    uploading.round()
    assert owner.execute("SELECT claim FROM outbox WHERE kind = 'plan_reveals'").fetchall() == [
        (None,)
    ]


def test_a_planner_that_is_about_to_be_queued_is_not_waited_for(
    uploading, season, token, owner, database
):
    with database.connect(role="admin") as other, other.transaction():
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('plan_reveals' || %s, 0))", (season.id,)
        )
        uploading.round()
    assert season.statuses() == ["ready"]
    assert planned(owner) == 0


def test_three_workers_together_keep_to_what_a_service_allows(season, owner, database):
    """A short form of benchmarks/tokens/buckets.py, where nothing depends on a late arrival."""
    season.mint(60)
    seasons.picture(owner)
    used = buckets.share_of_threads(database.url, 5.0, 600)
    assert 0.4 < used < 1.1
