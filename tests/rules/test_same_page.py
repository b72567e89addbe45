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
        "https://example.com/x/../a/./b?id=3",
        "https://example.com/%61/%62?i%64=3",
        "https://example.com/a/b?id=3#:~:text=oak,posts",
        "https://example.com/a/b?id=3#part-2:~:text=oak",
        "https:\\\\example.com\\a/b?i\td=3",
        "https://ｅxample.com/a/b?id=3",
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
        "https://example.com/a%2Fb?id=3",
        "https://example.com/a/b?id=3%26",
    ],
)
def test_what_may_choose_the_page_counts(other):
    assert page_hash(other) != page_hash(PAGE)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com:80", "http://example.com/"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("https://straße.example/", "https://xn--strae-oqa.example/"),
        ("https://[2001:DB8::1]:443/x", "https://[2001:db8::1]/x"),
        ("https://example.com/ü?q=ä b", "https://example.com/%C3%BC?q=%C3%A4%20b"),
        ("https://example.com/100%?q=|^'", "https://example.com/100%25?q=%7C%5E'"),
    ],
)
def test_an_address_has_one_form(url, expected):
    assert normalized(url) == expected
    assert normalized(expected) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.example/café", "https://e.example/caf%c3%a9"),
        ("https://e.example/%7euser/?", "https://e.example/~user/"),
        ("https://e.example/it's_(a)_b*!", "https://e.example/it%27s_%28a%29_b%2A%21"),
        ("https://e.example/a%2fb", "https://e.example/a%2Fb"),
        ("https://e.example/a b", "https://e.example/a%20b"),
        ("https://e.example/100%", "https://e.example/100%25"),
        ("https://bücher.example", "https://xn--bcher-kva.example/"),
        ("https://e.example/app#/inbox:~:text=oak", "https://e.example/app#/inbox"),
        ("http://[2001:db8:0::1]/", "http://[2001:DB8::1]:80/"),
    ],
)
def test_one_page_may_be_written_in_many_ways(one, other):
    assert page_hash(one) == page_hash(other)


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "x", "https://", "https://a b/", "ftp://e.example/", "https://ana@e.example/"),
        *("https://e.example:99999/", "https://exa%mple/", "javascript:alert(1)"),
    ],
)
def test_what_is_no_address_of_a_page_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"[Nn]ot|Must"):
        normalized(wrong)


@examples(30, many=1000)
@given(
    st.from_regex(
        # A name that ends like a number is an address of IPv4, or none.
        r"https?://[a-zA-Z0-9.]{0,20}[g-wyzG-WYZ](:[0-9]{1,4})?(/[^\s?#]{0,9})?(\?[^\s#]{0,20})?(#\S{0,9})?",
        fullmatch=True,
    )
)
def test_normalizing_twice_is_normalizing_once(url):
    once = normalized(url)
    assert normalized(once) == once
