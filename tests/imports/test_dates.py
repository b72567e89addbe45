"""Times as programs write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webapp.imports.dates import seconds

# 21 March 2021, 14:39:19
THEN = 1616337559


@pytest.mark.parametrize(
    "written",
    [
        str(THEN),
        THEN,
        f" {THEN}.5 ",
        f"{THEN}000",
        f"{THEN}000000",
        THEN * 1_000_000,
        f"{THEN}000000000",
        str((THEN + 11_644_473_600) * 1_000_000),
        "21/Mar/2021:14:39:19 +0000",
        "21/Mar/2021:16:39:19 +0200",
        "21/Mar/2021:14:39:19",
        "2021-03-21T14:39:19Z",
        "2021-03-21T14:39:19.000Z",
        "2021-03-21T15:39:19+0100",
        "2021-03-21 14:39:19",
        "2021-03-21 14:39:19 UTC",
        "Sun, 21 Mar 2021 10:39:19 -0400",
    ],
)
def test_a_time_is_read_in_whatever_form(written):
    assert int(seconds(written)) == THEN


def test_a_day_begins_at_midnight():
    assert seconds("2021-03-21") == datetime(2021, 3, 21, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "written",
    [
        *("", "x", "0", "-371211336", "-1", 0, None, True, [], {}, "now", "9" * 400, 10**400),
        *(float("nan"), float("inf"), "1601-01-01", "9999-12-31T23:59:59Z", "2021-13-45", "\u0661"),
        *("32/Mar/2021:14:39:19 +0000", "21/Mrz/2021:14:39:19 +0000", "21/Mar/0000:00:00:00 +9999"),
    ],
)
def test_what_is_no_time_or_out_of_range_is_left_out(written):
    assert seconds(written) is None
