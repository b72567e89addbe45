"""Jobs over HTTP; tests/workers has what is done with them."""

from __future__ import annotations

import uuid

import psycopg
import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.documents.test_documents import document_in
from tests.blueprints.examples import Examples
from tests.blueprints.test_bad_input import assert_problem
from tests.factories import NOWHERE
from webapp.schemas.extraction.jobs import Job, JobPage, StartedJobs

JOBS = "/api/jobs"


def job_in(place):
    """A job that waits to be run."""
    document_id = place.made.get("document_id") or document_in(place)
    return place.make.conn.execute(
        "WITH configuration AS ("
        "  INSERT INTO configurations (workspace_id, document_type, version, created_by)"
        "  VALUES (%(workspace_id)s, %(type)s, 1, %(user_id)s) RETURNING id)"
        " INSERT INTO jobs (workspace_id, document_id, version_id, configuration_id,"
        "   configuration_version, created_by)"
        " SELECT %(workspace_id)s, documents.id, version_id, configuration.id, 1, %(user_id)s"
        "   FROM documents, configuration WHERE documents.id = %(document_id)s RETURNING id",
        {
            "workspace_id": place.workspace_id,
            "user_id": place.owner.id,
            "document_id": document_id,
            "type": uuid.uuid4().hex,
        },
    ).fetchone()[0]


EXAMPLES = Examples(
    things={"job_id": job_in},
    bodies={
        "jobs.create_many": {"document_ids": []},
    },
)


@pytest.fixture
def document(ready):
    """The id of a document that is ready and of a type."""
    return ready(category="Invoice")


def begin(client, document_id, **more):
    return client.post(JOBS, json={"document_id": document_id, **more})


def states(client):
    items = client.get(JOBS).json["items"]
    return [(each["configuration_version"], each["status"]) for each in items]


def move(owner, status, **columns):
    for name, value in columns.items():
        owner.execute(f"UPDATE jobs SET {name} = %s", (value,))
    owner.execute("UPDATE jobs SET status = %s", (status,))


@pytest.mark.long
def test_a_job_is_begun_with_the_active_configuration_and_its_work_is_queued(
    ana, document, configure, owner
):
    configuration = configure(document, "INVOICE", version=3)
    begun = begin(ana, document)
    assert begun.status_code == 201, begun.json
    job = begun.json
    assert Job().load(job)
    assert (job["status"], job["document_id"], job["document_version"]) == ("pending", document, 1)
    assert (job["configuration_id"], job["configuration_version"]) == (configuration, 3)
    assert job["sha256"] == ana.get(f"/api/documents/{document}").json["sha256"]
    assert (job["fields"], job["metrics"], job["is_automatic"]) == ([], None, False)
    assert ana.get(begun.headers["Location"]).json == job
    queued = owner.execute("SELECT subject_id FROM outbox WHERE kind = 'run_jobs'").fetchall()
    assert [str(each) for (each,) in queued] == [job["id"]]
    (event,) = ana.get(f"{JOBS}/{job['id']}/events").json["items"]
    assert event["event"] == "job.created"
    assert event["payload"] == {"document_id": document, "configuration_version": 3}


@pytest.mark.parametrize("status", ["draft", "retired"])
def test_a_configuration_that_is_not_active_is_run_if_it_is_named(ana, document, configure, status):
    configuration = configure(document, "Other", status)
    assert_problem(begin(ana, document), 409, "no_active_configuration")
    begun = begin(ana, document, configuration_id=configuration, version=1)
    assert begun.json["configuration_id"] == configuration


@pytest.mark.long
def test_what_does_not_fit_is_refused_and_begins_nothing(
    ana, document, configure, ready, upload, sign_in, owner
):
    configuration = configure(document)
    others = ready(client=sign_in("ben"))
    anothers = configure(others)
    named = {"configuration_id": configuration}
    for wrong in (others, NOWHERE):
        assert_problem(begin(ana, wrong, **named), 404, "not_found")
    for wrong in (anothers, NOWHERE):
        assert_problem(begin(ana, document, configuration_id=wrong), 404, "not_found")
    for asked in ({}, named):
        refused = begin(ana, document, **asked, version=2)
        assert_problem(refused, 422, "version_mismatch")
        assert refused.json["configuration_version"] == 1
    unread = upload(ana, pdf("unread")).json["id"]
    refused = begin(ana, unread, **named)
    assert_problem(refused, 409, "document_not_ready")
    assert refused.json["current_status"] == "processing"
    ana.post(f"/api/documents/{unread}/discard")
    assert begin(ana, unread, **named).json["current_status"] == "discarded"
    assert_problem(begin(ana, ready()), 409, "no_active_configuration")
    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["document_id"]),
        ({"document_id": "x"}, ["document_id"]),
        ({"document_id": NOWHERE, "configuration_id": 1}, ["configuration_id"]),
        ({"document_id": NOWHERE, "version": 0}, ["version"]),
        ({"document_id": NOWHERE, "version": 2**40}, ["version"]),
        ({"document_id": NOWHERE, "more": 1}, ["more"]),
    ],
    ids=str,
)
def test_wrong_input_is_named(ana, body, fields):
    assert_problem(ana.post(JOBS, json=body), 422, "invalid_input", *fields)


@pytest.mark.long
@pytest.mark.parametrize("level", ["view", "write"])
def test_those_whom_a_document_is_shared_with_start_no_jobs(
    ana, document, configure, sign_in, level, owner
):
    configuration = configure(document)
    ben = sign_in("ben")
    ben.get("/api/documents")
    shared = ana.post(f"/api/documents/{document}/shares", json={"handle": "ben", "level": level})
    assert shared.status_code == 201, shared.json
    for named in ({}, {"configuration_id": configuration}):
        assert_problem(begin(ben, document, **named), 403, "share_forbids")
    (result,) = ben.post(f"{JOBS}/bulk", json={"document_ids": [document]}).json["items"]
    assert result["result"] == "not_found"
    assert owner.execute("SELECT count(*) FROM jobs").fetchone() == (0,)


def test_the_same_request_begins_one_job(ana, document, configure):
    configure(document)
    body, headers = {"document_id": document}, {"Idempotency-Key": "once"}
    first, again = (ana.post(JOBS, json=body, headers=headers) for _ in range(2))
    assert first.json == again.json
    assert begin(ana, document).json["id"] != first.json["id"]
    assert len(ana.get(JOBS).json["items"]) == 2


def test_a_version_that_is_activated_later_changes_no_job(ana, document, configure, owner):
    first = configure(document)
    begin(ana, document)
    owner.execute("UPDATE configurations SET status = 'retired' WHERE id = %s", (first,))
    configure(document, version=2)
    begin(ana, document)
    assert states(ana) == [(2, "pending"), (1, "pending")]


@pytest.mark.long
def test_jobs_are_listed_newest_first_by_what_they_have_in_common(ana, ready, configure, owner):
    one, two = ready(category="Invoice"), ready(category="List")
    invoices, lists = configure(one), configure(two, "List")
    begun = [begin(ana, each).json["id"] for each in (one, two, one)]
    owner.execute("UPDATE jobs SET status = 'cancelled' WHERE id = %s", (begun[0],))

    def found(**asked):
        page = ana.get(JOBS, query_string=asked).json
        assert JobPage().load(page)
        return [begun.index(each["id"]) for each in page["items"]]

    assert found() == [2, 1, 0]
    assert found(document_id=one) == [2, 0]
    assert found(configuration_id=lists) == [1]
    assert found(document_type="INVOICE") == [2, 0]
    assert found(status="cancelled") == [0]
    assert found(status="pending", configuration_id=invoices) == [2]
    page = ana.get(JOBS, query_string={"limit": 2}).json
    assert found(limit=2) == [2, 1]
    assert found(limit=2, cursor=page["next_cursor"]) == [0]
    assert_problem(ana.get(f"{JOBS}?status=done"), 422, "invalid_input", "status")


@pytest.mark.long
def test_a_job_is_cancelled_and_run_again(ana, document, configure, owner):
    configure(document)
    path = f"{JOBS}/{begin(ana, document).json['id']}"
    assert_problem(ana.post(f"{path}/retry"), 400, "invalid_state")
    move(owner, "running")
    cancelled = ana.post(f"{path}/cancel").json
    assert (cancelled["status"], cancelled["ended_at"] is None) == ("cancelled", False)
    refused = ana.post(f"{path}/cancel")
    assert_problem(refused, 409, "invalid_state_transition")
    assert refused.json["allowed_actions"] == ["retry"]
    again = ana.post(f"{path}/retry").json
    assert (again["status"], again["started_at"], again["ended_at"]) == ("pending", None, None)
    move(owner, "failed", error="No.", error_code="damaged")
    assert ana.post(f"{path}/retry").json["error_code"] is None
    move(owner, "running")
    move(owner, "succeeded")
    assert_problem(ana.post(f"{path}/retry"), 400, "invalid_state")
    events = [each["event"] for each in ana.get(f"{path}/events").json["items"]]
    assert events.count("job.retried") == 2


def test_progress_is_shown_while_a_job_runs(ana, document, configure, owner):
    configure(document)
    path = f"{JOBS}/{begin(ana, document).json['id']}"
    said = '{"done": 3, "total": 9, "doing": "reading pages"}'
    owner.execute("UPDATE outbox SET progress = %s WHERE kind = 'run_jobs'", (said,))
    assert ana.get(path).json["progress"] == {"done": 3, "total": 9, "doing": "reading pages"}


@pytest.mark.long
def test_what_is_purged_takes_its_jobs_along(ana, document, configure, owner):
    configure(document)
    begin(ana, document)
    ana.post(f"/api/documents/{document}/discard")
    assert states(ana) == [(1, "pending")]
    assert ana.delete(f"/api/documents/{document}").status_code == 204
    assert states(ana) == []
    assert owner.execute("SELECT count(*) FROM configurations").fetchone() == (1,)


def bulk(client, **body):
    answer = client.post(f"{JOBS}/bulk", json=body)
    assert answer.status_code == 200, answer.json
    assert StartedJobs().load(answer.json)
    return {each["document_id"]: each["result"] for each in answer.json["items"]}


@pytest.mark.long
def test_many_jobs_are_begun_at_once_and_each_document_says_what_became_of_it(
    ana, ready, configure, upload, sign_in, owner
):
    one, two, untyped = ready(category="Invoice"), ready(category="invoice"), ready()
    unread = upload(ana, pdf("unread")).json["id"]
    others = ready(client=sign_in("ben"), category="Invoice")
    configure(one)
    wanted = [one, untyped, unread, others, NOWHERE, two, one]
    assert bulk(ana, document_ids=wanted) == {
        one: "created",
        untyped: "no_active_configuration",
        unread: "document_not_ready",
        others: "not_found",
        NOWHERE: "not_found",
        two: "created",
    }
    assert bulk(ana, document_ids=[one, two]) == {one: "already_running", two: "already_running"}
    move(owner, "running")
    move(owner, "succeeded")
    assert bulk(ana, document_ids=[one]) == {one: "already_done"}
    assert bulk(ana, document_ids=[one], version=2) == {one: "version_mismatch"}
    assert bulk(ana, document_ids=[one], skip_done=False) == {one: "created"}
    assert states(ana) == [(1, "pending"), (1, "succeeded"), (1, "succeeded")]


@pytest.mark.long
def test_many_jobs_may_be_begun_with_one_configuration(ana, ready, configure, sign_in):
    one, two = ready(category="Invoice"), ready()
    draft = configure(one, "Other", "draft")
    assert set(bulk(ana, document_ids=[one, two], configuration_id=draft).values()) == {"created"}
    anothers = configure(ready(client=sign_in("ben")))
    for wrong in (anothers, NOWHERE):
        body = {"document_ids": [one], "configuration_id": wrong}
        assert_problem(ana.post(f"{JOBS}/bulk", json=body), 404, "not_found")


@pytest.mark.long
def test_documents_are_named_by_a_folder_or_a_filter_in_parts(ana, ready, configure, monkeypatch):
    monkeypatch.setattr("webapp.blueprints.extraction.jobs.MOST_AT_ONCE", 2)
    outer = ana.post("/api/folders", json={"name": "Bills"}).json["id"]
    inner = ana.post("/api/folders", json={"name": "2026", "parent_id": outer}).json["id"]
    inside = [ready(category="Invoice", folder_id=each) for each in (outer, inner, inner)]
    outside = ready(category="Invoice")
    configure(outside)
    first = ana.post(f"{JOBS}/bulk", json={"folder_id": outer}).json
    assert [each["document_id"] for each in first["items"]] == [inside[2], inside[1]]
    assert bulk(ana, folder_id=outer, cursor=first["next_cursor"]) == {inside[0]: "created"}
    found = bulk(ana, filter={"category": "INVOICE", "created_from": "2020-01-01T00:00:00Z"})
    assert found == {outside: "created", inside[2]: "already_running"}
    assert bulk(ana, filter={"category": "List"}) == {}
    assert bulk(ana, folder_id=NOWHERE) == {}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["document_ids", "filter", "folder_id"]),
        ({"document_ids": [], "filter": {}}, ["document_ids", "filter", "folder_id"]),
        ({"document_ids": [NOWHERE] * 501}, ["document_ids"]),
        ({"document_ids": [], "skip_done": 1}, ["skip_done"]),
        ({"filter": {"shared": "by_me"}}, ["filter.shared"]),
        ({"filter": {"limit": 5}}, ["filter.limit"]),
        ({"filter": {"category": "a\0"}}, ["filter.category"]),
        ({"folder_id": None}, ["folder_id"]),
    ],
    ids=str,
)
def test_wrong_input_for_many_is_named(ana, body, fields):
    assert_problem(ana.post(f"{JOBS}/bulk", json=body), 422, "invalid_input", *fields)


def test_the_cursor_of_another_list_is_refused(ana):
    body = {"filter": {}, "cursor": "x"}
    assert_problem(ana.post(f"{JOBS}/bulk", json=body), 400, "invalid_cursor")


@pytest.mark.long
def test_no_job_is_of_a_document_or_a_configuration_of_another_workspace(
    ana, document, configure, ready, sign_in, owner
):
    """The database refuses it, whatever the code does."""
    others = ready(client=sign_in("ben"))
    anothers = configure(others)
    configure(document)
    begin(ana, document)
    for column, wrong in (("document_id", others), ("configuration_id", anothers)):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            owner.execute(f"UPDATE jobs SET {column} = %s", (wrong,))
