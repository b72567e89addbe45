"""extraction.exports: 200,000 rows as files.

    python -m benchmarks.extraction.exports [rows] [--rounds 3]

A table of eight columns is read from the database batch by batch and written as each format, as
the web and the worker do; every file twice, to compare their bytes. Memory is what the process has
grown by at its largest, beside what a tenth of the rows takes.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from benchmarks.databases import migrated_server
from sql.connection import connect
from webapp.exporting import workbook
from webapp.exporting.tables import extracted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.exporting.tables import Extracted

CSV_SECONDS: Final = 2.0
# Of the memory of an export of a tenth as many rows.
FLAT: Final = 1.2
FORMATS: Final = ("csv", "csv, safe form", "jsonl", "zip", "xlsx")

_JOB: Final = UUID(int=1)
_CHUNK: Final = 1 << 18

_TABLES: Final = """
INSERT INTO users (handle)
VALUES ('bench');

ALTER TABLE jobs DISABLE TRIGGER ALL;
ALTER TABLE table_exports DISABLE TRIGGER ALL;
ALTER TABLE extracted_tables DISABLE TRIGGER ALL;

INSERT INTO table_exports (id, workspace_id, status)
VALUES (%(job)s, gen_random_uuid(), 'ready');

INSERT INTO extracted_tables
  (workspace_id, job_id, document_id, sequence_index, method, confidence, pages, columns, row_count)
SELECT gen_random_uuid(),
       %(job)s,
       gen_random_uuid(),
       0,
       'csv',
       1,
       '{1}',
       '[{"name": "number", "type": "integer"}, {"name": "article", "type": "text"},
         {"name": "note", "type": "text"}, {"name": "amount", "type": "decimal"},
         {"name": "booked", "type": "date"}, {"name": "paid", "type": "boolean"},
         {"name": "customer", "type": "text"}, {"name": "code", "type": "text"}]',
       %(rows)s;

INSERT INTO extracted_rows (table_id, number, page, texts, "values")
SELECT extracted.id,
       n,
       1 + n / 50,
       ARRAY[
         n::text, 'Article no. ' || n %% 977,
         CASE n %% 7 WHEN 0 THEN 'said "yes", later' ELSE '' END,
         '-' || n %% 10007 || '.50', '2026-02-28', 'yes', 'Customer ' || n %% 4001, '+00' || n
       ],
       jsonb_build_array(
         n, 'Article no. ' || n %% 977, CASE n %% 7 WHEN 0 THEN 'said "yes", later' END,
         '-' || n %% 10007 || '.50', '2026-02-28', true, 'Customer ' || n %% 4001, '+00' || n
       )
  FROM extracted_tables AS extracted
 CROSS JOIN generate_series(1, %(rows)s) AS n;
"""


def fill(conn: Any, rows: int) -> int:
    """A job with one table; the number of its rows. As a superuser."""
    import psycopg

    psycopg.ClientCursor(conn).execute(_TABLES, {"job": _JOB, "rows": rows})
    conn.execute("ANALYZE")
    (count,) = conn.execute("SELECT count(*) FROM extracted_rows").fetchone()
    return int(count)


def file(form: str, tables: Extracted) -> Iterator[bytes]:
    """A file in pieces."""
    (table,) = tables.tables
    if form == "jsonl":
        yield from tables.json_lines(table)
    elif form == "zip":
        yield from tables.zipped()
    elif form == "xlsx":
        with workbook.made(tables.sheets([table])) as made:
            while piece := made.read(_CHUNK):
                yield piece
    else:
        yield from tables.comma_separated(table, escaped=form != "csv")


def measure(url: str, form: str) -> str:
    """Make a file in this process: the seconds, the bytes, their hash, and KiB of memory."""
    job = {"id": _JOB, "revision": 1, "source_name": "bench.csv"}
    with connect(url, "bench") as conn:
        tables = extracted(conn, job, lambda: nullcontext(conn))
        digest, size = hashlib.sha256(), 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        for piece in file(form, tables):
            digest.update(piece)
            size += len(piece)
        seconds = time.perf_counter() - began
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return f"{seconds} {size} {digest.hexdigest()} {grown}"


def _apart(url: str, form: str) -> tuple[float, int, str, int]:
    command = [sys.executable, "-m", "benchmarks.extraction.exports", "--of", url, form]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), int(said[1]), said[2], int(said[3])


def main(arguments: list[str] | None = None) -> int:
    """Print a table; returns 1 if the CSV missed its bounds or bytes differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--of", nargs=2)
    asked = parser.parse_args(arguments)
    if asked.of:
        print(measure(*asked.of))
        return 0
    found: dict[str, list[tuple[float, int, str, int]]] = {}
    tenth: dict[str, int] = {}
    for rows in (asked.rows // 10, asked.rows):
        with migrated_server() as url:
            with connect(url, "bench") as conn:
                fill(conn, rows)
            for form in FORMATS:
                found[form] = [_apart(url, form) for _ in range(max(asked.rounds, 2))]
                if rows < asked.rows:
                    tenth[form] = max(memory for *_, memory in found[form])
    print(f"| {asked.rows} rows | seconds | MB | more memory, MiB | for a tenth of the rows |")
    print("|---|---|---|---|---|")
    missed = False
    for form, rounds in found.items():
        seconds = [each[0] for each in rounds]
        memory = max(each[3] for each in rounds)
        print(
            f"| {form} | {statistics.median(seconds):.2f} ({min(seconds):.2f} to"
            f" {max(seconds):.2f}) | {rounds[0][1] / 1e6:.1f} | {memory / 1024:.1f} |"
            f" {tenth[form] / 1024:.1f} |"
        )
        missed |= len({digest for _, _, digest, _ in rounds}) > 1
    csv = found["csv"]
    missed |= statistics.median(each[0] for each in csv) > CSV_SECONDS
    missed |= max(each[3] for each in csv) > max(tenth["csv"] * FLAT, 4096)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
