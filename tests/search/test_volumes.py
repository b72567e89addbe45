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
    ("wanted", "place", "read"),
    [(1.5, ":202", 2), (7.0, "8:201", 3), (20.0, "8:201", 3), (inf, "8:201", 3)],
)
def test_after_the_newest_volume_comes_no_more_than_a_shelf(wanted, place, read):
    assert taken(1.0, wanted) == ([":203", place], read)


@pytest.mark.parametrize(
    ("wanted", "place", "read"),
    [(2.0, ":200", 4), (9.0, "8:193", 11), (50.0, "64:193", 11), (500.0, "*:1", 203)],
)
def test_the_next_place_has_at_least_half_of_what_is_wanted(wanted, place, read):
    assert taken(1.0, inf, wanted) == ([":203", "8:201", place], read)


def test_while_nothing_is_found_it_goes_from_the_shelf_to_the_collection():
    assert taken(1.0, inf, inf, inf) == ([":203", "8:201", "*:1"], 203)


def test_what_is_found_decides_again_each_time():
    assert taken(1.0, 3.0, 3.0, 40.0) == ([":203", "8:201", "8:193", "64:129"], 75)


def test_every_collection_is_read():
    others = [(n + 1001, n // 8 * 8 + 1001, 1001, 1001) for n in reversed(range(3))]
    unread = Unread([*others, *MANY])
    assert [place.name for place in unread.take(1.0)] == [":1003", ":203"]
    assert [place.name for place in unread.take(inf)] == ["8:1001", "8:201"]
    assert [place.name for place in unread.take(inf)] == ["*:1"]
    assert unread.take(inf) == []


def test_a_place_names_the_shelves_that_are_left_in_it():
    unread = Unread(MANY)
    for wanted in (1.0, inf):
        unread.take(wanted)
    (place,) = unread.take(inf)
    assert place.shelves == tuple(range(193, 0, -8))
