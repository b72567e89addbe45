"""The date of a document, according to its text."""

from __future__ import annotations

import time
from datetime import date

import pytest

from webapp.rules.document_date import date_of

UPLOADED = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("London, 2nd May 2005", "2005-05-02"),
        ("May 2, 2005", "2005-05-02"),
        ("MAY 2ND, 2005", "2005-05-02"),
        ("2 May of this year; 12-Nov-2004", "2004-11-12"),
        ("Berlin, den 2. März 2024", "2024-03-02"),
        ("Wien, 02. Jänner 24", "2024-01-02"),
        ("Paris, le 1er août 2020", "2020-08-01"),
        ("2 de mayo de 2005", "2005-05-02"),
        ("3 marzo 1999, 4 maart 2000", "1999-03-03"),
        ("1.2.2024", "2024-02-01"),
        ("2024-02-01T10:00:00Z", "2024-02-01"),
        ("2024/02/01", "2024-02-01"),
        ("26.06.25", "2025-06-26"),
        ("5.6.85", "1985-06-05"),
        # A number before a date is not part of it.
        ("Rechnung 80101911/26.06.2025", "2025-06-26"),
        ("Rechnung 12/26.06.2025", "2025-06-26"),
        # A day after the upload is not the date of the document.
        ("Payable by 31.12.2030. Written 1.2.2026", "2026-02-01"),
        ("27.11.2026", None),
        # A date labelled as the document's beats the first one; both beat those of other things.
        ("Printed 1.1.2020\nInvoice date: 2.2.2020", "2020-02-02"),
        ("Geburtsdatum: 01.02.1980\nBerlin, 3.4.2024", "2024-04-03"),
        ("Due date: 1.3.2024\n2.2.2024", "2024-02-02"),
        # Day and month are in the same order as in other dates of the text.
        ("01/02/2024 until 13/02/2024", "2024-02-01"),
        ("01/02/2024 until 02/13/2024", "2024-01-02"),
        ("13/02/2024", "2024-02-13"),
        ("02/13/2024", "2024-02-13"),
        # None of these is a date.
        *((text, None) for text in ("", "May 2005", "31.02.2024", "192.168.10.12", "1.2.3.2005")),
        *(
            (text, None)
            for text in ("01-02-03-04", "12.05.2024.11", "80101911/26/06/2025", "3 marches 2004")
        ),
        *((text, None) for text in ("1.2.1800", "00.00.2000", "99 May 2000")),
    ],
)
def test_a_day_is_found_as_people_write_it(text, day):
    found = date_of(text, UPLOADED)
    assert (found and found.day.isoformat()) == day


def test_a_day_that_may_be_read_two_ways_is_less_sure():
    sure = date_of("13/02/2024, then 01/02/2024", UPLOADED, "en").confidence
    unsure = date_of("01/02/2024", UPLOADED, "en")
    assert unsure.day == date(2024, 1, 2)
    assert date_of("01/02/2024", UPLOADED, "de").day == date(2024, 2, 1)
    assert unsure.confidence < 0.7 < sure


@pytest.mark.parametrize(
    ("text", "is_sure"),
    [
        ("Northwind Energy plc\n2 May 2005\nDear Ana,", True),
        ("London, 2 May 2005", True),
        ("Dear Ana,\non 2 May 2005 the committee decided to lower the target for the rate.", False),
        ("7;DD37Cf93aecA6Dc;Sheryl;Baxter;Rasmussen Group;East Leonard;Chile;2020-08-24", False),
        (
            "Everything else that we agreed on is in the letter that you sent. Date: 2 May 2005",
            True,
        ),
    ],
)
def test_a_day_in_a_sentence_or_a_row_is_only_suggested(text, is_sure):
    assert (date_of(text, UPLOADED).confidence >= 0.95) == is_sure


@pytest.mark.long
def test_a_long_hostile_text_takes_no_time():
    for piece in ("1.", "1/", "2 May ", "may ", "12.12.", "1 ", "due a b c "):
        began = time.thread_time()
        date_of(piece * 100_000, UPLOADED)
        assert time.thread_time() - began < 5  # CPU time, more than ten times the usual
