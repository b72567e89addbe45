"""Whether two addresses lead to the same page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzzing import examples
from webapp.rules.same_page import normalized, page_hash

PAGE = "https://example.com/a/b?id=3"


@pytest.mark.parametrize(
    "same",
    [
        "HTTPS://Example.COM/a/b?id=3",
        "https://example.com:443/a/b?id=3",
        "https://example.com./a/b?id=3",
        "https://example.com/a/b?id=3#part-2",
        "https://example.com/a/b?utm_source=x&id=3&UTM_Medium=y",
        "https://example.com/a/b?fbclid=1&id=3&gclid=2&mc_eid=3&_ga=4",
        "https://example.com/a/b?&id=3&",
        "  https://example.com/a/b?id=3  ",
    ],
)
def test_what_does_not_choose_the_page_does_not_count(same):
    assert normalized(same) == PAGE
    assert page_hash(same) == page_hash(PAGE)


@pytest.mark.parametrize(
    "other",
    [
        "http://example.com/a/b?id=3",
        "https://example.com:8443/a/b?id=3",
        "https://www.example.com/a/b?id=3",
        "https://example.com/A/b?id=3",
        "https://example.com/a/b/?id=3",
        "https://example.com/a/b",
        "https://example.com/a/b?ID=3",
        "https://example.com/a/b?id=3&source=x",
        "https://example.com/a/b?id=3&uid=4",
        "https://example.com/a/b?id=3&ref=main",
        "https://example.com/a/b?id=3&empty",
        "https://example.com/a/b?id=3#!/two",
        "https://example.com/a/b?id=3#/two",
        "https://example.com/a/b?q=utm_source&id=3",
    ],
)
def test_what_may_choose_the_page_counts(other):
    assert page_hash(other) != page_hash(PAGE)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com:80", "http://example.com/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://straße.example/", "https://straße.example/"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
        ("https://example.com/ü?q=ä b", "https://example.com/ü?q=ä b"),
    ],
)
def test_an_address_has_one_form(url, expected):
    assert normalized(url) == expected
    assert normalized(expected) == expected


@examples(30, many=1000)
@given(
    st.from_regex(
        r"https?://[a-zA-Z0-9.]{1,20}(:[0-9]{1,4})?(/[^\s?#]{0,9})?(\?[^\s#]{0,20})?(#\S{0,9})?",
        fullmatch=True,
    )
)
def test_normalizing_twice_is_normalizing_once(url):
    once = normalized(url)
    assert normalized(once) == once
