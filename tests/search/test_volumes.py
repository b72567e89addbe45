"""Which part of the index is read next."""

from __future__ import annotations

from math import inf

import pytest

from webapp.search.volumes import Unread

# Id, shelf, bookcase and collection of each volume, as the database numbers them, newest first.
MANY = [(n + 1, n // 8 * 8 + 1, n // 64 * 64 + 1, 1) for n in reversed(range(203))]


def taken(*wanted, volumes=MANY):
    """The places taken, of a single collection, for what is wanted each time."""
    unread = Unread(volumes)
    places = [unread.take(each) for each in wanted]
    return [place.name for each in places for place in each], unread.volumes_read


def test_the_newest_volume_comes_first():
    assert taken(1.0) == ([":203"], 1)


@pytest.mark.parametrize(
    ("wanted", "places", "read"),
    [
        (1.5, [":202", ":201"], 3),
        (3.0, [":202", ":201", ":200"], 4),
        (7.0, ["8:201", "8:193"], 11),
        (20.0, ["8:201", "8:193"], 11),
        (inf, ["8:201", "8:193"], 11),
    ],
)
def test_after_the_newest_volume_come_no_more_than_fill_a_shelf(wanted, places, read):
    assert taken(1.0, wanted) == ([":203", *places], read)


@pytest.mark.parametrize(
    ("wanted", "places", "read"),
    [
        (1.0, [":192"], 12),
        (9.0, ["8:185", "8:177"], 27),
        (40.0, ["64:129"], 75),
        (80.0, ["64:129", "64:65"], 139),
        (inf, ["64:129", "64:65", "64:1"], 203),
    ],
)
def test_as_many_are_taken_as_are_wanted_or_a_few_more(wanted, places, read):
    assert taken(1.0, inf, wanted) == ([":203", "8:201", "8:193", *places], read)


def test_a_look_is_at_no_more_than_64_times_what_was_read():
    volumes = [(n + 1, n // 8 * 8 + 1, n // 64 * 64 + 1, 1) for n in reversed(range(6400))]
    names, read = taken(1.0, inf, inf, volumes=volumes)
    assert names[:5] == [":6400", "8:6393", "8:6385", "64:6337", "64:6273"]
    assert 16 + 64 * 16 <= read < 16 + 64 * 17


def test_every_collection_is_read():
    others = [(n + 1001, n // 8 * 8 + 1001, 1001, 1001) for n in reversed(range(3))]
    unread = Unread([*others, *MANY])
    assert [place.name for place in unread.take(1.0)] == [":1003", ":203"]
    assert [place.name for place in unread.take(4.0)] == ["8:1001", "8:201", "8:193"]
    rest = unread.take(inf)
    assert [place.name for place in rest] == ["64:129", "64:65", "64:1"]
    # Only those that are left.
    assert [len(place.shelves) for place in rest] == [8, 8, 8]
    assert unread.take(inf) == []
