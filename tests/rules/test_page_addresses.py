"""Under which other addresses a page is found."""

from __future__ import annotations

import pytest

from webapp.rules.page_addresses import other_addresses

PAGE = "https://example.com/fence/posts?id=3"


@pytest.mark.parametrize(
    ("given", "led_to", "canonical", "expected"),
    [
        (PAGE, PAGE, None, {}),
        (PAGE, PAGE + "#part", PAGE, {}),
        ("https://short.example/x1", PAGE + "&utm_source=x", None, {PAGE: "redirect"}),
        ("http://example.com/fence/posts?id=3", PAGE, None, {PAGE: "redirect"}),
        (
            "https://example.com/login",
            "https://example.com/login/",
            None,
            "https://example.com/login/",
        ),
        ("http://example.com/", "https://www.example.com/", None, "https://www.example.com/"),
        (PAGE, PAGE, "https://example.com/fence/posts", "https://example.com/fence/posts"),
        (
            PAGE,
            PAGE,
            "https://www.example.com/fence/posts/3",
            "https://www.example.com/fence/posts/3",
        ),
        (
            "https://short.example/x1",
            "https://m.example.com/a",
            "https://example.com/b",
            {"https://m.example.com/a": "redirect", "https://example.com/b": "canonical"},
        ),
    ],
)
def test_a_page_is_found_where_its_address_leads_and_at_its_own(given, led_to, canonical, expected):
    if isinstance(expected, str):
        expected = {expected: "canonical" if canonical else "redirect"}
    assert other_addresses(given, led_to, canonical) == expected


@pytest.mark.parametrize(
    "canonical",
    [
        "https://example.com/",
        "https://example.com/en/",
        "https://example.com/index.html",
        "https://another.example/fence/posts",
        "https://example.com:8443/fence/posts",
        "ftp://example.com/x",
        "not an address",
        "https://example.com/" + "a" * 2100,
    ],
)
def test_a_canonical_address_that_cannot_be_the_pages_own_does_not_count(canonical):
    assert other_addresses(PAGE, PAGE, canonical) == {}


@pytest.mark.parametrize(
    "led_to",
    [
        "https://example.com/",
        "https://www.example.com/de/",
        "https://example.com/login?next=%2Ffence%2Fposts",
        "https://example.com/users/sign_in",
        "https://example.com/wp-login.php",
        "https://login.example.com/x",
        "https://accounts.another.example/v3/page?x=1",
        "https://consent.example.com/collect",
        "https://example.com/404.html",
        "https://example.com/errors/not-found",
        "https://example.com/welcome?back=https%3A%2F%2Fexample.com%2Ffence%2Fposts",
    ],
)
def test_what_is_shown_in_the_place_of_a_page_is_not_the_page(led_to):
    assert other_addresses(PAGE, led_to, "https://example.com/welcome") == {}


def test_a_page_that_only_asks_to_sign_in_is_not_the_page():
    members = "https://example.com/members"
    assert other_addresses(PAGE, members, None, asks_to_sign_in=True) == {}
    assert other_addresses(PAGE, members, None) == {members: "redirect"}


@pytest.mark.parametrize("name", ["login-for-dummies", "how-to-sign-in", "authors", "authority"])
def test_a_page_about_signing_in_is_a_page(name):
    page = f"https://example.com/{name}"
    assert other_addresses("https://short.example/x1", page, None) == {page: "redirect"}
