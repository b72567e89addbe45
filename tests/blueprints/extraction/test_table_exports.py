"""Exports over HTTP: the same bytes each time, from the store or not, for whoever may read."""

# ruff: noqa: F811
from __future__ import annotations

import csv
import io
import zipfile

import pytest

from tests.blueprints.examples import Examples
from tests.blueprints.extraction import extracted
from tests.blueprints.extraction.exported import export, job  # noqa: F401 -- fixtures
from webapp.exporting import tables, workbook

FIRST = b"item,price\r\n007,-1234.5O\r\n=1+1,x\r\n"
SECOND = b"item,price\r\nAsh,2\r\n"


EXAMPLES = Examples(
    shared={
        f"table_exports.{name}": "view"
        for name in ("csv_of_table", "json_lines_of_table", "workbook_of_table")
    }
)


def correct(owner, job, olga, text="8"):
    owner.execute(
        "INSERT INTO cell_corrections (table_id, number, column_index, document_id, text, value,"
        " corrected_by) VALUES (%s, 1, 1, %s, %s, to_jsonb(%s::text), %s)"
        " ON CONFLICT ON CONSTRAINT cell_corrections_pkey"
        " DO UPDATE SET text = EXCLUDED.text, value = EXCLUDED.value",
        (job.tables[0], job.document_id, text, text, olga.id),
    )


def get(client, path, **headers):
    answer = client.get(path, headers=headers, buffered=True)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.long
def test_a_csv_is_the_same_before_and_after_it_is_kept(olga, job, export):
    made = get(olga.client, f"{job.table_path}.csv")
    assert made.data == FIRST
    assert made.mimetype == "text/csv"
    assert made.headers["Content-Disposition"] == (
        "attachment; filename=\"letter table 1.csv\"; filename*=UTF-8''letter%20table%201.csv"
    )
    export()
    kept = get(olga.client, f"{job.table_path}.csv")
    assert kept.data == FIRST
    assert kept.headers["Content-Disposition"] == made.headers["Content-Disposition"]
    assert kept.headers["ETag"] != made.headers["ETag"]
    part = olga.client.get(f"{job.table_path}.csv", headers={"Range": "bytes=-3"}, buffered=True)
    assert (part.status_code, part.data) == (206, b"x\r\n")
    for answer in (made, kept):
        again = olga.client.get(
            f"{job.table_path}.csv", headers={"If-None-Match": kept.headers["ETag"]}
        )
        assert (again.status_code, again.data) == (304, b""), answer


@pytest.mark.long
def test_what_is_not_kept_has_an_etag_and_answers_to_head(olga, job):
    for path in (f"{job.table_path}.jsonl", f"{job.table_path}.xlsx", f"{job.path}/export.xlsx"):
        first, second = get(olga.client, path), get(olga.client, path)
        assert first.data == second.data
        assert first.headers["ETag"] == second.headers["ETag"]
        head = olga.client.head(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["ETag"] == first.headers["ETag"]
        known = olga.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert known.status_code == 304


def test_values_are_typed_where_the_format_has_types(olga, job):
    lines = get(olga.client, f"{job.table_path}.jsonl")
    assert lines.data == (b'{"item":"007","price":"-1234.50"}\n{"item":"=1+1","price":null}\n')
    safe = get(olga.client, f"{job.table_path}.csv?formulas=escape")
    assert safe.data == b"item,price\r\n007,'-1234.5O\r\n'=1+1,x\r\n"


@pytest.mark.long
def test_whatever_is_in_cells_is_in_the_csv(owner, olga, job):
    """Also nothing at all, and the signs that are between the texts while they are read."""
    made = extracted.job(owner, job.document_id)
    wide = [["", ""], ['a, "b"', "c\r\nd"], ["\x1f=", "e,"], ["\x1e", "\x1f"], ["ü", " "]]
    ids = [
        extracted.table(owner, made, {"One": "text", "Two": "text"}, *wide),
        extracted.table(owner, made, {"One": "text"}, [""], ["\x1f"]),
    ]
    extracted.succeed(owner, made)
    found = [get(olga.client, f"/api/tables/{each}/export.csv").data.decode() for each in ids]
    assert [list(csv.reader(io.StringIO(each, newline="")))[1:] for each in found] == [
        wide,
        [[""], ["\x1f"]],
    ]
    assert found[1] == 'one\r\n""\r\n\x1f\r\n'


@pytest.mark.long
def test_all_tables_are_in_a_zip_and_as_one_csv(olga, job, export):
    made = get(olga.client, f"{job.path}/export.zip").data
    export()
    kept = get(olga.client, f"{job.path}/export.zip")
    assert kept.data == made
    assert 'filename="letter tables.zip"' in kept.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(made)) as read:
        assert {name: read.read(name) for name in read.namelist()} == {
            "letter table 1.csv": FIRST,
            "letter table 2.csv": SECOND,
        }
    joined = get(olga.client, f"{job.path}/export.csv").data
    assert joined == FIRST + SECOND.partition(b"\r\n")[2]


@pytest.mark.long
def test_tables_that_differ_are_not_joined(owner, olga, job):
    other = extracted.job(owner, job.document_id)
    extracted.table(owner, other, {"Item": "text"}, ["Oak"])
    extracted.table(owner, other, {"Tree": "text"}, ["Oak"])
    extracted.succeed(owner, other)
    answer = olga.client.get(f"/api/jobs/{other}/export.csv")
    assert (answer.status_code, answer.json["code"]) == (409, "tables_differ")
    forms = [each["format"] for each in olga.client.get(f"/api/jobs/{other}/exports").json["files"]]
    assert forms == ["csv", "jsonl", "xlsx"] * 2 + ["zip", "xlsx"]


def test_there_is_nothing_before_a_job_has_succeeded(owner, olga, job):
    other = extracted.job(owner, job.document_id)
    table_id = extracted.table(owner, other, {"Item": "text"}, ["Oak"])
    paths = [f"/api/jobs/{other}/{what}" for what in ("exports", "export.zip", "export.csv")]
    for path in (*paths, f"/api/jobs/{other}/export.xlsx", f"/api/tables/{table_id}/export.csv"):
        answer = olga.client.get(path)
        assert (answer.status_code, answer.json["code"]) == (409, "job_results_unavailable"), path
        assert answer.json["current_status"] == "running"


@pytest.mark.long
def test_a_job_without_tables_has_an_empty_zip(owner, olga, job, export):
    other = extracted.job(owner, job.document_id)
    extracted.succeed(owner, other)
    made = get(olga.client, f"/api/jobs/{other}/export.zip").data
    export()
    assert get(olga.client, f"/api/jobs/{other}/export.zip").data == made
    assert zipfile.ZipFile(io.BytesIO(made)).namelist() == []
    get(olga.client, f"/api/jobs/{other}/export.xlsx")
    assert olga.client.get(f"/api/jobs/{other}/export.csv").json["code"] == "tables_differ"


@pytest.mark.long
def test_corrections_are_in_the_files_at_once(owner, olga, job, export):
    export()
    before = get(olga.client, f"{job.table_path}.csv").headers["ETag"]
    correct(owner, job, olga)
    answer = get(olga.client, f"{job.table_path}.csv", If_None_Match=before)
    assert answer.data == FIRST.replace(b"-1234.5O", b"8")
    assert get(olga.client, f"{job.table_path}.jsonl").data.startswith(
        b'{"item":"007","price":"8"}'
    )


@pytest.mark.long
def test_a_table_that_is_corrected_while_it_is_read_is_not_a_mix(owner, olga, job, monkeypatch):
    monkeypatch.setattr(tables, "_BATCH", 1)
    with olga.client.get(f"{job.table_path}.csv") as answer:
        correct(owner, job, olga)
        with pytest.raises(tables.Overtaken):
            answer.get_data()
    monkeypatch.undo()

    class Corrected(tables.Extracted):
        def _check(self):
            raise tables.Overtaken

    monkeypatch.setattr(tables.Extracted, "_check", Corrected._check)
    answer = olga.client.get(f"{job.table_path}.xlsx")
    assert (answer.status_code, answer.json["code"]) == (409, "tables_changed")


def test_a_table_that_no_spreadsheet_can_have_is_refused(owner, olga, job):
    owner.execute("UPDATE extracted_tables SET row_count = 1048576 WHERE id = %s", (job.tables[0],))
    for path in (f"{job.table_path}.xlsx", f"{job.path}/export.xlsx"):
        answer = olga.client.get(path)
        assert (answer.status_code, answer.json["code"]) == (409, "too_large_for_xlsx")


def test_a_job_with_more_tables_than_a_spreadsheet_has_sheets_is_refused(olga, job, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_SHEETS", 1)
    get(olga.client, f"{job.table_path}.xlsx")
    answer = olga.client.get(f"{job.path}/export.xlsx")
    assert (answer.status_code, answer.json["code"]) == (409, "too_large_for_xlsx")


def test_a_table_without_rows_is_exported_in_each_form(owner, olga, job):
    other = extracted.job(owner, job.document_id)
    path = f"/api/tables/{extracted.table(owner, other, {'Item': 'text'})}/export"
    extracted.succeed(owner, other)
    assert get(olga.client, f"{path}.jsonl").data == b""
    assert get(olga.client, f"{path}.csv").data == b"item\r\n"
    get(olga.client, f"{path}.xlsx")


def test_an_owner_is_charged_once_who_started_the_job_has_left(people, owner, olga, job, export):
    sten = people.person("sten")
    owner.execute("UPDATE jobs SET created_by = %s WHERE id = %s", (sten.id, job.id))
    export()
    assert owner.execute(
        "SELECT DISTINCT object.user_id FROM documents JOIN document_versions AS version"
        " ON version.id = documents.version_id JOIN objects AS object"
        " ON object.id = version.object_id WHERE produced_by_job_id = %s",
        (job.id,),
    ).fetchall() == [(olga.id,)]


@pytest.mark.long
def test_a_job_with_more_tables_than_a_spreadsheet_has_sheets_is_refused(olga, job, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_SHEETS", 1)
    get(olga.client, f"{job.table_path}.xlsx")
    answer = olga.client.get(f"{job.path}/export.xlsx")
    assert (answer.status_code, answer.json["code"]) == (409, "too_large_for_xlsx")


@pytest.mark.long
def test_a_table_without_rows_is_exported_in_each_form(owner, olga, job):
    other = extracted.job(owner, job.document_id)
    path = f"/api/tables/{extracted.table(owner, other, {'Item': 'text'})}/export"
    extracted.succeed(owner, other)
    assert get(olga.client, f"{path}.jsonl").data == b""
    assert get(olga.client, f"{path}.csv").data == b"item\r\n"
    get(olga.client, f"{path}.xlsx")


@pytest.mark.long
def test_an_owner_is_charged_once_who_started_the_job_has_left(people, owner, olga, job, export):
    sten = people.person("sten")
    owner.execute("UPDATE jobs SET created_by = %s WHERE id = %s", (sten.id, job.id))
    export()
    assert owner.execute(
        "SELECT DISTINCT object.user_id FROM documents JOIN document_versions AS version"
        " ON version.id = documents.version_id JOIN objects AS object"
        " ON object.id = version.object_id WHERE produced_by_job_id = %s",
        (job.id,),
    ).fetchall() == [(olga.id,)]


@pytest.mark.long
def test_a_lost_file_is_made_again(owner, olga, job, export, settings):
    from webapp.clients.storage.choice import store_from

    export()
    keys = [key for (key,) in owner.execute("SELECT key FROM objects WHERE bytes > 1")]
    store_from(settings.storage_url).delete(keys)
    assert get(olga.client, f"{job.table_path}.csv").data == FIRST


@pytest.mark.long
def test_what_is_there_is_listed_with_the_documents_that_keep_it(olga, job, export):
    waiting = olga.client.get(f"{job.path}/exports").json
    assert (waiting["status"], waiting["error"]) == ("pending", None)
    export()
    made = olga.client.get(f"{job.path}/exports").json
    assert made["status"] == "ready"
    kept = {each["url"]: each for each in made["files"] if each["document_id"]}
    assert [*kept] == [
        *(f"/api/tables/{table_id}/export.csv" for table_id in job.tables),
        f"{job.path}/export.zip",
    ]
    assert [each["table_id"] for each in made["files"]] == (
        [job.tables[0]] * 3 + [job.tables[1]] * 3 + [None] * 3
    )
    for url, each in kept.items():
        document = olga.client.get(f"/api/documents/{each['document_id']}").json
        assert document["name"] == each["name"]
        assert (document["status"], document["category"]) == ("ready", "export")
        assert document["produced_by_job_id"] == job.id
        assert (document["sha256"], document["bytes"]) == (each["sha256"], each["bytes"])
        sent = get(olga.client, f"/api/documents/{document['id']}/download")
        assert sent.data == get(olga.client, url).data


@pytest.mark.long
def test_exports_are_not_among_the_documents_unless_asked_for(olga, job, export):
    export()
    listed = olga.client.get("/api/documents").json["items"]
    assert [each["id"] for each in listed] == [job.document_id]
    produced = olga.client.get("/api/documents?produced=true").json["items"]
    assert {each["produced_by_job_id"] for each in produced} == {job.id}
    assert len(produced) == 3


@pytest.mark.long
def test_a_file_that_is_the_same_as_an_export_is_a_document_of_its_own(olga, job, export):
    export()
    answer = olga.client.post("/api/documents?name=a.csv", data=FIRST, content_type="text/csv")
    assert answer.status_code == 201


@pytest.fixture
def sten(people):
    return people.person("sten")


@pytest.fixture
def share(owner, olga, sten, job):
    """Shares the document with Sten."""

    def with_sten(level="view"):
        owner.execute(
            "INSERT INTO shares (workspace_id, document_id, user_id, level, shared_by)"
            " VALUES (%s, %s, %s, %s, %s)",
            (olga.workspace_id, job.document_id, sten.id, level, olga.id),
        )

    return with_sten


@pytest.mark.long
def test_who_has_the_document_by_a_share_may_download_its_tables(
    owner, olga, sten, job, export, share
):
    paths = [f"{job.table_path}.{form}" for form in ("csv", "jsonl", "xlsx")]
    for path in paths:
        assert sten.client.get(path).status_code == 404, path
    share()
    export()
    for path in paths:
        assert get(sten.client, path).data, path
    assert get(sten.client, f"{job.table_path}.csv").data == FIRST
    for what in ("exports", "export.zip", "export.csv", "export.xlsx"):
        assert sten.client.get(f"{job.path}/{what}").status_code == 404, what
    assert sten.client.post(f"{job.path}/exports/retry").status_code == 404
    told = owner.execute(
        "SELECT DISTINCT action, details ->> 'document_id' FROM audit_log WHERE workspace_id = %s",
        (olga.workspace_id,),
    ).fetchall()
    assert told == [("share.downloaded", job.document_id)]


@pytest.mark.long
def test_only_an_export_that_failed_is_retried(olga, job, export):
    export()
    answer = olga.client.post(f"{job.path}/exports/retry")
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_state")


@pytest.mark.long
def test_many_rows_are_read_in_batches(owner, olga, job, monkeypatch):
    monkeypatch.setattr(tables, "_BATCH", 7)
    other = extracted.job(owner, job.document_id)
    rows = [[str(number)] for number in range(21)]
    table_id = extracted.table(owner, other, {"Number": "text"}, *rows)
    extracted.succeed(owner, other)
    answer = get(olga.client, f"/api/tables/{table_id}/export.csv")
    assert [*csv.reader(io.StringIO(answer.text, newline=""))] == [["number"], *rows]
