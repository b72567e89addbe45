"""Running jobs: from a stored document to its tables."""

from __future__ import annotations

import dataclasses
import itertools
import time
from array import array

import pytest

from tests.blueprints.documents.conftest import pdf
from tests.blueprints.extraction.conftest import configure, ready, upload  # noqa: F401 -- fixtures
from tests.workers.conftest import due_now
from webapp.clients.storage.choice import store_from
from webapp.filing import outputs
from webapp.filing.outputs import outputs_of
from webapp.parsing.documents.document import Box
from webapp.parsing.documents.errors import DocumentError
from webapp.parsing.documents.media import BY_TYPE
from webapp.parsing.extraction.extracted import (
    Column,
    ExtractedField,
    ExtractedTable,
    Extraction,
    LeftOut,
    Row,
)
from workers.run_jobs import Outside, run_jobs

NAN = float("nan")
ODD = 'a\0b "c" \\n {d},e\ud800 ü'
PLAIN = 'ab "c" \\n {d},e? ü'


def extraction(*tables, **more):
    return Extraction(BY_TYPE["application/pdf"], 3, list(tables), **more)


def table(*rows, title="", columns=2, **more):
    made = [Column(f"c{number}", f"C {number}", "text") for number in range(columns)]
    return ExtractedTable(title, "ruled", 0.5, [1, 2], Box(1, 2, 3, 4), made, list(rows), **more)


INVOICE = extraction(
    table(
        Row(1, ["1", "x"], [1, None], [1], array("f", [1, 2, 3, 4.5, NAN, NAN, NAN, NAN])),
        Row(2, [ODD, ""], [ODD, None], confidences=[0.5, 1]),
        title=ODD,
    ),
    table(continued_from=0),
    table(Row(3, [], []), columns=0),
    fields=[ExtractedField("total", "decimal", ODD, "1.50", 1, Box(1, 2, 3, 4), 0.9)],
    pictures=[3],
    left_out=[LeftOut([3], ODD, ["A"], 9, "ruled", 0.5, "required_column_missing", [ODD])],
    left_out_count=4,
)


@pytest.fixture
def job(ana, ready, configure):  # noqa: F811
    """The address of a job that waits."""
    document = ready(category="Invoice")
    configure(document)
    return ana.post("/api/jobs", json={"document_id": document}).headers["Location"]


class Readers:
    """In place of children: a call that gets the configuration's body and `on_page`."""

    def __init__(self, extract):
        self._extract = extract

    def extract(self, file, *, body, name, on_page):
        return self._extract(body, on_page)

    def close(self):
        pass


@pytest.fixture
def running(worker, settings):
    """Gives a worker whose children are replaced by a call."""

    def make(extract, **options):
        clients = Outside(store_from(settings.storage_url), Readers(extract))
        kind = dataclasses.replace(run_jobs, check=None, open_clients=lambda settings: clients)
        return worker(kind, **options)

    return make


def rows_of(owner):
    return owner.execute(
        'SELECT sequence_index, number, page, texts, "values", mistakes, boxes::text, confidences'
        "  FROM extracted_rows JOIN extracted_tables ON id = table_id"
        " ORDER BY sequence_index, number"
    ).fetchall()


def events_of(client, job):
    return [each["event"] for each in client.get(f"{job}/events").json["items"]]


DONE = ["job.created", "job.started", "job.outputs.persisted", "job.succeeded"]


@pytest.mark.long
def test_what_was_extracted_is_saved_at_once_and_counted(ana, job, running, owner):
    running(lambda *_: INVOICE).round()
    found = ana.get(job).json
    assert found["status"] == "succeeded"
    assert found["metrics"].pop("milliseconds") >= 0
    assert found["metrics"] == {
        "tables": 3,
        "rows": 3,
        "mistakes": 1,
        "fields_found": 1,
        "pages": 3,
        "unread_pages": [3],
        "is_cut": False,
        "tables_left_out": 4,
    }
    (left_out,) = found["left_out"]
    assert (left_out["title"], left_out["missing"]) == (PLAIN, [PLAIN])
    assert (left_out["headings"], left_out["reason"]) == (["A"], "required_column_missing")
    (field,) = found["fields"]
    assert (field["text"], field["value"], field["box"]) == (PLAIN, "1.50", [1, 2, 3, 4])
    assert rows_of(owner) == [
        (0, 1, 1, ["1", "x"], [1, None], [1], "{1,2,3,4.5,NaN,NaN,NaN,NaN}", None),
        (0, 2, 2, [PLAIN, ""], [PLAIN, None], [], None, [0.5, 1]),
        (2, 1, 3, [], [], [], None, None),
    ]
    tables = owner.execute(
        "SELECT title, method, confidence, pages, box, row_count, mistake_count, continued_from,"
        "       columns #> '{0}' FROM extracted_tables ORDER BY id"
    ).fetchall()
    first = {"name": "c0", "heading": "C 0", "type": "text"}
    assert tables == [
        (PLAIN, "ruled", 0.5, [1, 2], [1, 2, 3, 4], 2, 1, None, first),
        (None, "ruled", 0.5, [1, 2], [1, 2, 3, 4], 0, 0, 0, first),
        (None, "ruled", 0.5, [1, 2], [1, 2, 3, 4], 1, 0, None, None),
    ]
    assert events_of(ana, job) == DONE
    persisted = ana.get(f"{job}/events").json["items"][2]
    assert persisted["payload"] == {"tables": 3, "rows": 3}
    assert persisted["actor"] == "worker:run_jobs"
    queued = owner.execute("SELECT FROM outbox WHERE kind = 'run_jobs'").fetchall()
    assert queued == []


@pytest.mark.long
def test_a_document_without_tables_succeeds_too(ana, job, running, owner):
    running(lambda *_: extraction()).round()
    assert ana.get(job).json["metrics"]["tables"] == 0
    assert events_of(ana, job) == DONE


def test_what_is_beyond_the_limits_is_left_out_and_said(monkeypatch):
    rows = [Row(1, ["1", "x"], ["1", "x"])] * 3

    def kept(*tables):
        found = outputs_of(extraction(*tables), 0)
        numbers = [number for part in found.parts for number in part.numbers]
        assert len(numbers) == found.metrics["rows"]
        counts = [each["row_count"] for each in found.tables]
        assert sum(counts) == len(numbers)
        return counts, found.metrics["is_cut"], len(found.parts)

    monkeypatch.setattr(outputs, "_CELLS_AT_ONCE", 5)
    assert kept(table(*rows), table(*rows)) == ([3, 3], False, 3)
    monkeypatch.setattr(outputs, "MOST_TABLES", 2)
    assert kept(table(*rows), table(*rows), table()) == ([3, 3], True, 3)
    monkeypatch.setattr(outputs, "MOST_ROWS", 4)
    assert kept(table(*rows), table(*rows)) == ([3, 1], True, 2)
    monkeypatch.setattr(outputs, "MOST_CELLS", 4)
    assert kept(table(*rows), table(*rows)) == ([2, 0], True, 1)
    assert outputs_of(extraction(is_cut=True), 0).metrics["is_cut"]


def raising(error):
    def extract(*_):
        raise error

    return extract


def state(client, job):
    found = client.get(job).json
    return found["status"], found["error_code"]


def dead(owner):
    return owner.execute("SELECT error FROM dead_letters").fetchall()


def nothing_is_kept(owner):
    return owner.execute("SELECT count(*) FROM extracted_tables").fetchone() == (0,)


@pytest.mark.long
@pytest.mark.parametrize("code", ["encrypted", "pattern_too_slow"])
def test_a_document_that_gives_nothing_fails_its_job_and_leaves_no_dead_letter(
    ana, job, running, owner, code
):
    running(raising(DocumentError(code))).round()
    found = ana.get(job).json
    assert (found["status"], found["error_code"]) == ("failed", code)
    assert found["error"]
    assert found["ended_at"]
    assert dead(owner) == []
    assert events_of(ana, job)[-1] == "job.failed"


@pytest.mark.long
def test_what_may_work_later_is_tried_three_times_and_then_given_up(
    ana, job, running, owner, app_conn
):
    failing = running(raising(DocumentError("too_complex", permanent=False)))
    for expected in ("pending", "pending", "failed"):
        due_now(owner)
        failing.round()
        assert state(ana, job) == (expected, "unavailable" if expected == "failed" else None)
    assert len(dead(owner)) == 1
    assert run_jobs.revive(app_conn, job.rpartition("/")[2])
    assert dead(owner) == []
    running(lambda *_: INVOICE).round()
    assert state(ana, job) == ("succeeded", None)


@pytest.mark.long
def test_a_job_whose_file_is_gone_fails(ana, job, running, owner):
    owner.execute("UPDATE objects SET status = 'doomed'")
    owner.execute("DELETE FROM outbox WHERE kind = 'delete_objects'")
    running(lambda *_: INVOICE).round()
    assert state(ana, job) == ("failed", "lost")


@pytest.mark.long
def test_a_document_in_the_trash_gives_nothing_until_it_is_back(ana, job, running, owner):
    document = f"/api/documents/{ana.get(job).json['document_id']}"
    ana.post(f"{document}/discard")
    working = running(lambda *_: INVOICE)
    working.round()
    assert state(ana, job) == ("failed", "discarded")
    ana.post(f"{document}/restore")
    ana.post(f"{job}/retry")
    working.round()
    assert state(ana, job) == ("succeeded", None)


@pytest.mark.long
def test_a_job_that_is_cancelled_meanwhile_leaves_nothing_until_it_is_run_again(
    ana, job, running, owner
):
    def cancelled(*_):
        assert ana.post(f"{job}/cancel").status_code == 200
        return INVOICE

    running(cancelled).round()
    assert state(ana, job) == ("cancelled", None)
    assert nothing_is_kept(owner)
    assert "job.outputs.persisted" not in events_of(ana, job)
    ana.post(f"{job}/retry")
    running(lambda *_: INVOICE).round()
    assert len(rows_of(owner)) == 3
    assert events_of(ana, job).count("job.outputs.persisted") == 1


@pytest.mark.long
def test_one_cancelled_and_run_again_while_it_runs_is_done_once(ana, job, running, owner):
    """The worker that holds it loses it."""

    def again(*_):
        ana.post(f"{job}/cancel")
        ana.post(f"{job}/retry")
        return INVOICE

    running(again).round()
    assert (state(ana, job), nothing_is_kept(owner)) == (("pending", None), True)
    running(lambda *_: INVOICE).round()
    assert len(rows_of(owner)) == 3


@pytest.mark.long
def test_a_document_purged_meanwhile_leaves_nothing(ana, job, running, owner):
    document = f"/api/documents/{ana.get(job).json['document_id']}"

    def purged(*_):
        ana.post(f"{document}/discard")
        assert ana.delete(document).status_code == 204
        return INVOICE

    running(purged).round()
    assert ana.get(job).status_code == 404
    assert nothing_is_kept(owner)
    assert dead(owner) == []
    assert owner.execute("SELECT count(*) FROM outbox WHERE kind = 'run_jobs'").fetchone() == (0,)


@pytest.mark.long
def test_a_job_keeps_to_the_versions_it_was_started_with(ana, job, running, configure, owner):  # noqa: F811
    """Of the configuration and of the document: neither is replaced while it waits or runs."""
    document = ana.get(job).json["document_id"]
    bodies = []

    def replaced(body, _):
        bodies.append(body)
        owner.execute("UPDATE configurations SET status = 'retired'")
        configure(document, version=2, body='{"tables": "second"}')
        renewed = ana.post(f"/api/documents/{document}/versions?name=b.pdf", data=pdf("second"))
        assert renewed.status_code == 201, renewed.json
        return INVOICE

    before = ana.get(job).json
    running(replaced).round()
    after = ana.get(job).json
    assert after["status"] == "succeeded"
    for name in ("configuration_id", "configuration_version", "document_version", "sha256"):
        assert after[name] == before[name]
    assert bodies == [{}]
    assert ana.get(f"/api/documents/{document}").json["version"] == 2


@pytest.mark.long
def test_one_that_is_cancelled_ends_at_its_next_page_and_shows_its_progress(ana, job, running):
    seen = []

    def read_for_ever(_, on_page):
        for page in itertools.count():
            on_page(page, 1000)
            time.sleep(0.01)
            if page > 200 and not seen:
                seen.append(ana.get(job).json["progress"])
                ana.post(f"{job}/cancel")
            assert page < 5000, "it does not end"

    running(read_for_ever).round()
    assert state(ana, job) == ("cancelled", None)
    assert (seen[0]["total"], seen[0]["doing"]) == (1000, "reading pages")


@pytest.mark.long
def test_two_hundred_thousand_rows_are_saved(ana, job, running, owner):
    row = Row(1, ["Oak posts", "12.50", "2026-11-27"], ["Oak posts", "12.50", "2026-11-27"])
    running(lambda *_: extraction(table(*[row] * 200_000, columns=3))).round()
    assert ana.get(job).json["metrics"]["rows"] == 200_000
    saved = owner.execute("SELECT count(*), max(number) FROM extracted_rows").fetchone()
    assert saved == (200_000, 200_000)
