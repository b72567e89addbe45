"""How long a server asks clients to wait, in every way that servers express it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from webapp.clients.http.retry_after import seconds_to_wait


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "999999999"}, 86_400),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0),
        ({"retry-after": "Sun, 06 Nov 1994 08:49:37 -0000"}, 0),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "9", "retry-after-ms": "soon"}, 9),
    ],
)
def test_what_is_asked_for_is_at_most_a_day(headers: dict[str, str], seconds: float) -> None:
    assert seconds_to_wait(headers) == seconds


def test_it_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    assert 500 <= (seconds_to_wait({"retry-after": date}) or 0) <= 600


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1e9", "nan", "inf", "1" * 13, "Mon, 99 Foo 2025", "٣"]
)
def test_what_makes_no_sense_asks_for_nothing(value: str) -> None:
    assert seconds_to_wait({"retry-after": value}) is None
    assert seconds_to_wait({}) is None
