"""From PDFs to tables, their CSVs and a webhook, as a client of real processes sees it."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import http.client
import io
import json

import pytest

from benchmarks.tables import truth
from tests import databases
from tests.parsing.documents.conftest import samples_folder
from tests.parsing.documents.made_pdf import pdf, text
from tests.parsing.tables.drawn import across, down, rows
from tests.processes import eventually, running, serving
from tests.webhook_endpoint import endpoint as running_endpoint
from tests.webhook_endpoint import is_signed

# Two cells of the first column are one, and so are two of the first row.
SPANNING = pdf(
    "".join(across(y, 20, 220) for y in (190, 130, 90))
    + across(170, 100, 220)
    + across(150, 20, 220)
    + across(110, 100, 220)
    + "".join(down(x, 90, 190) for x in (20, 100, 220))
    + down(160, 90, 170)
    + text((24, 166, "Fruit"), (104, 176, "Tons sold in"))
    + rows(104, 156, [0, 60], ["2021", "2022"], ["12", "13"], ["4", "5"], ["6", "7"], apart=20)
    + text((24, 136, "Apples"), (24, 106, "Pears")),
    size=(300, 200),
)
SPANNING_TABLE = [
    ["Fruit", "Tons sold in 2021", "Tons sold in 2022"],
    ["Apples", "12", "13"],
    ["Pears", "4", "5"],
    ["", "6", "7"],
]
TIMELINE = ["job.created", "job.started", "job.outputs.persisted", "job.succeeded"]


@pytest.fixture(scope="module")
def world(server_url):
    """A function that serves the app with a worker for everything, and one that asks it."""
    with (
        databases.new_database(server_url, "coffer_test_extraction_cases") as database,
        databases.temporary_folder() as folder,
    ):
        variables = {
            "STORAGE_URL": folder.as_uri(),
            "SECRET_KEY": "a secret for tests only, of 32 characters or more",
            "WEBHOOK_ALLOW_LOOPBACK": "true",
            "WEB_CONCURRENCY": "1",
        }
        with running("coffer", "work", database=database, **variables):
            yield lambda: serving(database, **variables)


class Client:
    """Ana, at one of the servers."""

    def __init__(self, port):
        self._port = port

    def raw(self, method, path, body=None):
        """The answer's body, of whatever type. What is sent is JSON, or a file's bytes."""
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body)
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        conn = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        with contextlib.closing(conn):
            conn.request(method, path, sent, {"X-Dev-User-Id": "ana"} | kind)
            answer = conn.getresponse()
            given = answer.read()
            assert answer.status < 300, given
            return given

    def __call__(self, method, path, body=None):
        return json.loads(self.raw(method, path, body))

    def items(self, path):
        return self("GET", path)["items"]

    def document(self, content, name):
        """Upload a file and wait until it was read; its id."""
        made = self("POST", f"/api/documents?name={name}", content)["id"]
        eventually(lambda: self("GET", f"/api/documents/{made}")["status"] == "ready")
        return made

    def configuration(self, document_type, body):
        """Activate a new version; its id."""
        given = {"document_type": document_type, "body": body}
        made = self("POST", "/api/configurations", given)["id"]
        self("POST", f"/api/configurations/{made}/activate")
        return made

    def job(self, document_id, **given):
        """Start one; its id."""
        return self("POST", "/api/jobs", {"document_id": document_id, **given})["id"]

    def ended(self, job_id):
        """Wait until a job has succeeded."""

        def ended():
            job = self("GET", f"/api/jobs/{job_id}")
            return job if job["status"] not in ("pending", "running") else None

        job = eventually(ended)
        assert job["status"] == "succeeded", job
        return job

    def csvs(self, job):
        """The CSV of each of its tables."""
        return [
            self.raw("GET", f"/api/tables/{table['id']}/export.csv")
            for table in self.items(f"/api/jobs/{job['id']}/tables?limit=100")
        ]


def plain(texts):
    """A table as it is compared with the right answer: what is where, without white space."""
    return sorted(truth.placed(texts).items())


def of_csv(content):
    return plain(list(csv.reader(io.StringIO(content.decode(), newline=""))))


def right_answers(name):
    """The tables of a public document. Skips the test if they are not beside this checkout."""
    if samples_folder() is None:
        pytest.skip("the samples are not beside this checkout")
    ((file, (answer, *_)),) = (each for each in truth.files().items() if each[0].stem == name)
    return file.read_bytes(), [plain(texts) for page in answer.values() for texts in page]


def check_cells(client, table, *, sha256, version):
    """Each cell names its place and what it is from; one without text has no place."""
    given = client.items(f"/api/tables/{table['id']}/rows?provenance=cells&limit=1000")
    assert len(given) == table["row_count"] > 0
    for row in given:
        assert len(row["cells"]) == len(table["columns"])
        for cell in row["cells"]:
            assert (cell["sha256"], cell["configuration_version"]) == (sha256, version)
            assert cell["page"] in table["pages"]
            if cell["text"]:
                left, top, right, bottom = cell["box"]
                assert left < right
                assert top < bottom


@pytest.mark.parametrize("name", ["us-008", "eu-015", "spanning cells"])
def test_tables_equal_the_right_answers_and_say_where_each_cell_is_from(world, name):
    """And their CSVs are the same bytes each time, also from another web process."""
    if name == "spanning cells":
        content, expected = SPANNING, [plain(SPANNING_TABLE)]
    else:
        content, expected = right_answers(name)
    with running_endpoint() as endpoint, world() as api:
        ana = Client(api.port)
        hook = ana("POST", "/api/webhooks", {"url": endpoint.url, "events": ["job.*"]})
        document = ana.document(content, f"{name.replace(' ', '-')}.pdf")
        configuration = ana.configuration(name, {})
        job = ana.ended(ana.job(document, configuration_id=configuration))
        files = ana.csvs(job)
        assert [each for each in expected if each not in map(of_csv, files)] == []
        for table in ana.items(f"/api/jobs/{job['id']}/tables"):
            sha256 = hashlib.sha256(content).hexdigest()
            check_cells(ana, table, sha256=sha256, version=1)
            assert table["provenance"]["configuration_id"] == configuration
        assert ana.csvs(job) == files
        events = ana.items(f"/api/jobs/{job['id']}/events?limit=100")
        assert [each for each in TIMELINE if each not in {e["event"] for e in events}] == []
        eventually(lambda: "job.succeeded" in {call.json["type"] for call in endpoint.calls})
        told = [call for call in endpoint.calls if call.json["data"]["entity_id"] == job["id"]]
        assert {call.json["type"] for call in told} >= set(TIMELINE)
        assert all(is_signed(hook["secret"], call.headers, call.body) for call in told)
        ana.raw("DELETE", f"/api/webhooks/{hook['id']}")
    with world() as api:
        assert Client(api.port).csvs(job) == files


def test_jobs_keep_to_the_configuration_they_were_started_with(world):
    """One that is activated meanwhile is that of the next job; the tables of both are readable."""
    with world() as api:
        ana = Client(api.port)
        document = ana.document(SPANNING[:-1] + b"\n%\n", "other-spanning.pdf")
        bodies = {}, {"columns": [{"name": "year", "match": "Tons sold in 2022"}]}
        started = []
        for version, body in enumerate(bodies, 1):
            ana.configuration("Fruit", body)
            active = ana("GET", "/api/configurations/active/Fruit")
            assert active["version"] == version
            started.append(ana.job(document, configuration_id=active["id"]))
        jobs = [ana.ended(each) for each in started]
        assert [each["configuration_version"] for each in jobs] == [1, 2]
        tables = [table for job in jobs for table in ana.items(f"/api/jobs/{job['id']}/tables")]
        assert [each["provenance"]["configuration_version"] for each in tables] == [1, 2]
        assert [each["row_count"] for each in tables] == [3, 3]
        ((first,), (second,)) = map(ana.csvs, jobs)
        assert of_csv(first) == plain(SPANNING_TABLE)
        assert second == b"year\r\n13\r\n5\r\n7\r\n"
