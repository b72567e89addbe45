"""Extracted tables and their rows."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from tests.blueprints.documents.test_documents import document_in
from tests.blueprints.examples import Place
from tests.blueprints.extraction import extracted


def test_rows_have_corrections_in_place_and_keep_what_was_read(owner, people, olga):
    place = Place(people, olga, olga.workspace_id)
    document_id = document_in(place)
    job_id = extracted.job(owner, document_id)
    columns = {"Item": "text", "Price": "integer", "Tax": "integer"}
    rows = [["Oak", ("1O", ...), ("l", ...)], ["Ash", ("20", 20), ("2", 2)]]
    table_id = extracted.table(owner, job_id, columns, *rows)
    extracted.succeed(owner, job_id)
    owner.execute(
        "INSERT INTO cell_corrections (table_id, number, column_index, document_id, text, value,"
        " corrected_by) VALUES (%s, 1, 1, %s, '10', %s, %s)",
        (table_id, document_id, Jsonb(10), olga.id),
    )
    found = owner.execute(
        'SELECT number, texts, "values", mistakes, read_texts, read_values, corrected'
        "  FROM row_answers(%s) ORDER BY number",
        (table_id,),
    ).fetchall()
    assert found == [
        (
            *(1, ["Oak", "10", "l"], ["Oak", 10, None], [2]),
            *(["Oak", "1O", "l"], ["Oak", None, None], [1]),
        ),
        (
            *(2, ["Ash", "20", "2"], ["Ash", 20, 2], []),
            *(["Ash", "20", "2"], ["Ash", 20, 2], []),
        ),
    ]
    (number,) = owner.execute("SELECT number FROM row_answers(%s, 1)", (table_id,)).fetchone()
    assert number == 2
