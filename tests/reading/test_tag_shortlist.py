"""Which of many tags may fit a text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.reading.tag_shortlist import shortlist

MANY = [f"tag{number}" for number in range(200)]


def test_few_names_stay_as_they_are():
    assert shortlist(["b", "a"], "a", most=2) == ["b", "a"]


def test_those_that_the_text_has_come_first_then_the_others_in_their_order():
    names = [*MANY, "garden", "oak tree"]
    found = shortlist(names, "An OAK tree stands in the gardens.", most=4)
    assert found == ["oak tree", "garden", "tag0", "tag1"]


def test_a_name_in_another_form_or_mistyped_is_near():
    names = [*MANY, "Gärten", "photography", "kubernetes"]
    found = shortlist(names, "Im Garten: photographie, kubernets", most=2)
    assert set(found) == {"kubernetes", "photography"}


@examples(30)
@given(st.lists(st.text(), unique=True), st.text(), st.integers(1, 5))
def test_no_more_than_asked_for_and_each_one_of_them(names, text, most):
    found = shortlist(names, text, most=most)
    assert len(found) == min(most, len(names))
    assert set(found) <= set(names)
    assert len(set(found)) == len(found)
