"""Files on their way from and to drives, over HTTP; tests/workers has what is done with them."""

from __future__ import annotations

import pytest

from sql import queries
from tests.blueprints.documents.conftest import pdf
from tests.blueprints.drives.test_connections import connection_in
from tests.blueprints.examples import Examples, Place
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE


def transfer_in(place: Place) -> object:
    """A file that waits to be fetched."""
    (made,) = queries.transfers.create_imports(
        place.make.conn,
        workspace_id=place.workspace_id,
        user_id=place.owner.id,
        connection_id=connection_in(place),
        paths=["letter.pdf"],
        folder_id=None,
    )
    return made["id"]


EXAMPLES = Examples(
    things={"transfer_id": transfer_in},
    personal={"transfer_id"},
    bodies={
        "transfers.begin_imports": {"paths": ["letter.pdf"]},
        "transfers.begin_exports": {"document_ids": []},
    },
    unlike_their_method={"transfers.list_of_connection", "transfers.get"},
)


@pytest.fixture
def path(ana, connect):
    """The address of a connection."""
    return connect(ana).headers["Location"]


def test_each_file_is_a_transfer_of_its_own(ana, path, owner):
    begun = ana.post(f"{path}/import", json={"paths": ["a.pdf", "b/c.pdf", "a.pdf"]})
    assert begun.status_code == 202
    one, two = begun.json["items"]
    assert (one["path"], one["direction"], one["status"]) == ("a.pdf", "import", "waiting")
    assert two["path"] == "b/c.pdf"
    assert ana.get(f"/api/transfers/{one['id']}").json == one
    listed = ana.get(f"{path}/transfers").json["items"]
    assert [each["id"] for each in listed] == [two["id"], one["id"]]
    queued = owner.execute("SELECT kind FROM outbox").fetchall()
    assert queued == [("run_transfers",)] * 2


def test_the_same_request_begins_nothing_twice(ana, path):
    headers = {"Idempotency-Key": "once"}
    body = {"paths": ["a.pdf"]}
    first, again = (ana.post(f"{path}/import", json=body, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert len(ana.get(f"{path}/transfers").json["items"]) == 1


@pytest.mark.parametrize("wrong", ["../a.pdf", "/etc/passwd", "a//b", "a/..", ".", "a\nb"])
def test_a_path_that_leads_elsewhere_is_refused(ana, path, wrong):
    begun = ana.post(f"{path}/import", json={"paths": ["fine.pdf", wrong]})
    assert_problem(begun, 422, "drive_invalid_path")
    assert ana.get(f"{path}/transfers").json["items"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["paths"]),
        ({"paths": "a.pdf"}, ["paths"]),
        ({"paths": [""]}, ["paths.0"]),
        ({"paths": ["a\0"]}, ["paths.0"]),
        ({"paths": ["x" * 2001]}, ["paths.0"]),
        ({"paths": ["a.pdf"] * 501}, ["paths"]),
        ({"paths": ["a.pdf"], "folder_id": "x"}, ["folder_id"]),
        ({"paths": ["a.pdf"], "folder_id": NOWHERE}, ["folder_id"]),
    ],
    ids=str,
)
def test_wrong_input_is_named(ana, path, body, fields):
    assert_problem(ana.post(f"{path}/import", json=body), 422, "invalid_input", *fields)


@pytest.mark.long
def test_documents_that_are_not_there_are_named(ana, path, upload, sign_in):
    document = upload(ana).json["id"]
    discarded = upload(ana, pdf("y")).json["id"]
    ana.post(f"/api/documents/{discarded}/discard")
    others = upload(sign_in("ben")).json["id"]
    wanted = [document, discarded, others, NOWHERE]
    begun = ana.post(f"{path}/export", json={"document_ids": wanted})
    fields = [f"document_ids.{number}" for number in (1, 2, 3)]
    assert_problem(begun, 422, "invalid_input", *fields)
    assert ana.get(f"{path}/transfers").json["items"] == []
    begun = ana.post(f"{path}/export", json={"document_ids": [document]})
    assert begun.json["items"][0]["document_id"] == document


@pytest.mark.long
def test_a_transfer_is_cancelled_once_and_not_retried(ana, path):
    (begun,) = ana.post(f"{path}/import", json={"paths": ["a.pdf"]}).json["items"]
    address = f"/api/transfers/{begun['id']}"
    cancelled = ana.post(f"{address}/cancel").json
    assert cancelled["status"] == "cancelled"
    assert cancelled["ended_at"]
    assert_problem(ana.post(f"{address}/cancel"), 409, "invalid_state_transition")
    assert_problem(ana.post(f"{address}/retry"), 400, "invalid_state")
    assert ana.get(f"{path}/transfers?status=waiting").json["items"] == []
    assert len(ana.get(f"{path}/transfers?status=cancelled").json["items"]) == 1
