"""When a recurring task is due again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.rules.recurrence import comes_again, mistake_in, next_due, plain

BERLIN = ZoneInfo("Europe/Berlin")


def at(*parts, zone=UTC):
    return datetime(*parts, tzinfo=zone)


def times(rule, due, count, zone=UTC, **more):
    """The times of so many in a row, each completed at once."""
    begun, found = due.astimezone(zone).replace(tzinfo=None), []
    while len(found) < count:
        following = next_due(rule, due, due, zone, begun=begun, **more)
        if following is None:
            break
        due, rule = following
        found.append(due)
    return found


@pytest.mark.parametrize(
    ("rule", "due", "now", "following"),
    [
        ("FREQ=DAILY", at(2026, 1, 1, 9), at(2026, 1, 1, 8), at(2026, 1, 2, 9)),
        ("FREQ=DAILY", at(2026, 1, 1, 9), at(2026, 1, 5, 10), at(2026, 1, 6, 9)),
        ("FREQ=DAILY;INTERVAL=3", at(2026, 1, 1), at(2026, 1, 2), at(2026, 1, 4)),
        ("FREQ=DAILY;INTERVAL=3", at(2026, 1, 1), at(2026, 1, 8), at(2026, 1, 10)),
        ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", at(2031, 3, 28, 9), at(2030, 1, 1), at(2031, 3, 31, 9)),
        ("FREQ=DAILY;BYMONTH=1", at(2026, 1, 31), at(2026, 1, 31), at(2027, 1, 1)),
        ("FREQ=DAILY;BYMONTHDAY=-1,15", at(2026, 1, 31), at(2026, 1, 1), at(2026, 2, 15)),
        ("FREQ=WEEKLY;BYDAY=MO,TH", at(2026, 1, 5), at(2026, 1, 5), at(2026, 1, 8)),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU",
            at(2026, 1, 6),
            at(2026, 1, 6),
            at(2026, 1, 18),
        ),
        ("FREQ=WEEKLY;BYMONTH=3", at(2026, 1, 5), at(2026, 1, 5), at(2026, 3, 2)),
        ("FREQ=MONTHLY;BYMONTHDAY=31", at(2026, 1, 31), at(2026, 2, 1), at(2026, 3, 31)),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", at(2026, 1, 31), at(2026, 2, 1), at(2026, 2, 28)),
        ("FREQ=MONTHLY;BYDAY=-1FR", at(2026, 1, 30), at(2026, 1, 31), at(2026, 2, 27)),
        ("FREQ=MONTHLY;BYDAY=+2TU", at(2026, 1, 13), at(2026, 1, 13), at(2026, 2, 10)),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", at(2026, 1, 1), at(2026, 1, 1), at(2026, 2, 13)),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            *(at(2026, 1, 30), at(2026, 1, 30), at(2026, 2, 27)),
        ),
        ("FREQ=MONTHLY;BYMONTH=4,10", at(2026, 4, 30), at(2026, 4, 30), at(2026, 10, 30)),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", at(2026, 11, 26), at(2026, 11, 26), at(2027, 11, 25)),
        ("FREQ=YEARLY;BYDAY=20MO", at(2026, 5, 18), at(2026, 5, 18), at(2027, 5, 17)),
        ("FREQ=YEARLY;BYMONTHDAY=1", at(2026, 1, 1), at(2026, 1, 1), at(2026, 2, 1)),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", at(2024, 2, 29), at(2024, 3, 1), at(2028, 2, 29)),
        ("FREQ=YEARLY;INTERVAL=200", at(2031, 1, 1, 9), at(2031, 1, 1), at(2231, 1, 1, 9)),
        ("FREQ=DAILY;UNTIL=20260103T000000Z", at(2026, 1, 3), at(2026, 1, 3), None),
        ("FREQ=DAILY;UNTIL=20260104", at(2026, 1, 3, 9), at(2026, 1, 3), at(2026, 1, 4, 9)),
        ("FREQ=DAILY;UNTIL=20260104T080000", at(2026, 1, 3, 9), at(2026, 1, 3), None),
        ("FREQ=DAILY;COUNT=1", at(2026, 1, 3), at(2026, 1, 3), None),
        ("FREQ=DAILY;COUNT=3", at(2026, 1, 3), at(2026, 1, 6), None),
    ],
    ids=str,
)
def test_the_next_time_is_the_first_one_still_to_come(rule, due, now, following):
    assert mistake_in(rule) is None
    found = next_due(rule, due, now)
    assert (found and found.due) == following


def test_a_count_is_of_those_that_are_left():
    assert next_due("FREQ=DAILY;COUNT=9", at(2026, 1, 3), at(2026, 1, 3)).rule.endswith("COUNT=8")
    assert next_due("FREQ=DAILY;COUNT=9", at(2026, 1, 3), at(2026, 1, 6)).rule.endswith("COUNT=5")
    assert times("FREQ=DAILY;COUNT=3", at(2026, 1, 3), 9) == [at(2026, 1, 4), at(2026, 1, 5)]


@pytest.mark.parametrize(
    ("rule", "due", "days"),
    [
        ("FREQ=MONTHLY", at(2031, 1, 31), ["2-28", "3-31", "4-30", "5-31"]),
        ("FREQ=MONTHLY;INTERVAL=13", at(2031, 1, 31), ["2-29", "3-31"]),
        ("FREQ=YEARLY", at(2028, 2, 29), ["2-28", "2-28", "2-28", "2-29"]),
        ("FREQ=YEARLY;BYMONTH=2,3", at(2031, 3, 31), ["2-29", "3-31"]),
    ],
)
def test_a_rule_without_a_day_takes_the_last_one_of_shorter_months(rule, due, days):
    assert [f"{each.month}-{each.day}" for each in times(rule, due, len(days))] == days


def test_nine_in_berlin_is_nine_before_and_after_a_change_of_clocks():
    due = at(2031, 3, 29, 9, zone=BERLIN).astimezone(UTC)
    assert [each.hour for each in times("FREQ=DAILY", due, 2, BERLIN)] == [7, 7]
    gap = at(2031, 3, 29, 2, 30, zone=BERLIN).astimezone(UTC)
    local = [f"{each.astimezone(BERLIN):%H:%M}" for each in times("FREQ=DAILY", gap, 2, BERLIN)]
    assert local == ["03:30", "02:30"]
    until = "FREQ=DAILY;UNTIL=20310330"
    assert len(times(until, due, 9, BERLIN)) == 1


def test_a_day_is_to_come_until_it_is_over():
    zone = ZoneInfo("America/Los_Angeles")
    due = at(2031, 1, 1, zone=zone).astimezone(UTC)
    evening = at(2031, 1, 5, 23, zone=zone)
    found = next_due("FREQ=DAILY;UNTIL=20310106T000000Z", due, evening, zone, is_day=True)
    assert found.due == at(2031, 1, 5, zone=zone)
    found = next_due("FREQ=DAILY", found.due, evening, zone, is_day=True)
    assert found.due == at(2031, 1, 6, zone=zone)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("freq=weekly", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;", "FREQ=WEEKLY"),
        (" rrule:Freq=Weekly;;byday=mo; ", "FREQ=WEEKLY;BYDAY=MO"),
    ],
)
def test_a_rule_is_stored_in_one_form(written, stored):
    assert plain(written) == stored
    assert mistake_in(stored) is None


@pytest.mark.parametrize(
    "rule",
    [
        *("", "DAILY", "FREQ=", "FREQ=SECONDLY", "FREQ=HOURLY", "freq=daily", "FREQ=DAILY;"),
        *("FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=99999"),
        *("FREQ=DAILY;COUNT=0", "FREQ=DAILY;FREQ=WEEKLY", "FREQ=DAILY;BYHOUR=9"),
        *("FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=1", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=XX"),
        *("FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYSETPOS=9", "FREQ=DAILY;UNTIL=tomorrow"),
        *("FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=YEARLY;BYMONTH=13"),
        *("FREQ=DAILY;UNTIL=20261301T000000Z", "FREQ=DAILY\nDTSTART:20200101", "RRULE:FREQ=DAILY"),
        *("FREQ=DAILY;COUNT=2;UNTIL=20300101", "FREQ=DAILY;INTERVAL=\u0663", "FREQ=DAILY" * 99),
    ],
    ids=lambda rule: rule[:50],
)
def test_what_is_not_understood_is_refused(rule):
    assert mistake_in(rule) is not None


@pytest.mark.parametrize(
    "rule",
    [
        *("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3"),
        *(
            pytest.param(rule, marks=pytest.mark.long)
            for rule in (
                *("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31"),
                *(
                    "FREQ=YEARLY;INTERVAL=4;BYMONTHDAY=29;BYMONTH=2",
                    "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
                ),
                *("FREQ=DAILY;BYMONTH=1;BYSETPOS=2", "FREQ=YEARLY;BYMONTHDAY=1,2,3;BYSETPOS=366"),
                "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=500",
            )
        ),
    ],
)
def test_a_rule_that_never_comes_due_is_found_out_at_once(rule):
    begun = time.process_time()
    assert mistake_in(rule) is None
    assert not comes_again(rule, at(2031, 1, 1))  # a Wednesday
    assert time.process_time() - begun < 2
    assert next_due(rule, at(2031, 1, 1), at(2031, 1, 1)) is None


def test_a_rule_that_has_come_to_the_last_day_is_no_rule_that_never_comes_due():
    assert comes_again("FREQ=YEARLY;INTERVAL=900", at(9900, 1, 1))
    assert not comes_again("FREQ=YEARLY;INTERVAL=900;BYMONTH=2;BYMONTHDAY=30", at(9900, 1, 1))


def test_after_the_last_day_there_is_none():
    due = at(9999, 12, 28, 9)
    assert times("FREQ=DAILY", due, 9, ZoneInfo("America/Los_Angeles")) == [at(9999, 12, 29, 9)]


RULES = st.builds(
    lambda frequency, interval, parts: ";".join(
        [f"FREQ={frequency}", f"INTERVAL={interval}", *(part for part in parts if part)]
    ),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 5),
    st.tuples(
        st.sampled_from(["", "BYMONTH=2", "BYMONTH=1,6,12"]),
        st.sampled_from(["", "BYMONTHDAY=1", "BYMONTHDAY=-1,15", "BYMONTHDAY=28,30,31"]),
        st.sampled_from(["", "BYDAY=MO", "BYDAY=SA,SU", "BYDAY=1MO,-1FR", "BYDAY=2WE"]),
        st.sampled_from(["", "BYSETPOS=1", "BYSETPOS=-1,2"]),
        st.sampled_from(["", "WKST=SU", "WKST=WE"]),
    ),
)


@pytest.mark.long
@examples(50, many=3000)
@given(RULES, st.integers(0, 400))
def test_rules_mean_what_they_mean_to_others(rule, days):
    """Except for days that shorter months do not have, for lists such as 2WE,TH, of which dateutil
    takes only what is both, and for positions in a week that has begun before, of which dateutil
    counts only what is left."""
    begun = at(2031, 1, 1, 9) + timedelta(days=days)
    assume(begun.day <= 28)
    first_day = {"SU": 6, "WE": 2}.get(rule.partition("WKST=")[2], 0)
    assume("WEEKLY" not in rule or "BYSETPOS" not in rule or begun.weekday() == first_day)
    assume(mistake_in(rule) is None)
    assume(comes_again(rule, begun))
    theirs = rrulestr(rule, dtstart=begun)
    assert times(rule, begun, 5) == list(islice((each for each in theirs if each > begun), 5))


@examples(30, many=1000)
@given(st.text(max_size=60) | st.from_regex(r"FREQ=[A-Z]{1,8}(;[A-Z]{2,10}=[-0-9A-Z,]{1,9}){0,3}"))
def test_any_text_is_judged_without_an_error(rule):
    said = mistake_in(plain(rule))
    if said is None:
        next_due(plain(rule), at(2026, 1, 31), at(2026, 2, 1))
