"""When a recurring task is due again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.rules.recurrence import mistake_in, next_due


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "due", "now", "following"),
    [
        ("FREQ=DAILY", at(2026, 1, 1, 9), at(2026, 1, 1, 8), at(2026, 1, 2, 9)),
        ("FREQ=DAILY", at(2026, 1, 1, 9), at(2026, 1, 5, 10), at(2026, 1, 6, 9)),
        ("FREQ=DAILY;INTERVAL=3", at(2026, 1, 1), at(2026, 1, 2), at(2026, 1, 4)),
        ("FREQ=WEEKLY;BYDAY=MO,TH", at(2026, 1, 5), at(2026, 1, 5), at(2026, 1, 8)),
        ("FREQ=MONTHLY;BYMONTHDAY=31", at(2026, 1, 31), at(2026, 2, 1), at(2026, 3, 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", at(2026, 1, 31), at(2026, 2, 1), at(2026, 2, 28)),
        ("FREQ=MONTHLY;BYDAY=-1FR", at(2026, 1, 30), at(2026, 1, 31), at(2026, 2, 27)),
        ("FREQ=YEARLY", at(2024, 2, 29), at(2024, 3, 1), at(2028, 2, 29)),
        ("FREQ=DAILY;UNTIL=20260103T000000Z", at(2026, 1, 3), at(2026, 1, 3), None),
    ],
    ids=str,
)
def test_the_next_time_is_the_first_one_still_to_come(rule, due, now, following):
    assert mistake_in(rule) is None
    assert next_due(rule, due, now) == following


@pytest.mark.parametrize(
    "rule",
    [
        *("", "DAILY", "FREQ=", "FREQ=SECONDLY", "FREQ=HOURLY", "freq=daily", "FREQ=DAILY;"),
        *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=99999"),
        *("FREQ=DAILY;COUNT=3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;FREQ=WEEKLY"),
        *("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=XX"),
        *("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYSETPOS=9", "FREQ=DAILY;UNTIL=tomorrow"),
        *("FREQ=DAILY;UNTIL=20261301T000000Z", "FREQ=DAILY\nDTSTART:20200101", "RRULE:FREQ=DAILY"),
    ],
    ids=repr,
)
def test_what_is_not_understood_is_refused(rule):
    assert mistake_in(rule) is not None


@examples(30, many=1000)
@given(st.text(max_size=60) | st.from_regex(r"FREQ=[A-Z]{1,8}(;[A-Z]{2,10}=[-0-9A-Z,]{1,9}){0,3}"))
def test_any_text_is_judged_without_an_error(rule):
    said = mistake_in(rule)
    if said is None:
        next_due(rule, at(2026, 1, 31), at(2026, 2, 1))
