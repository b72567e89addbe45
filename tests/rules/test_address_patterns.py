"""Patterns of addresses in rules."""

from __future__ import annotations

import time

import pytest

from webapp.rules.address_patterns import leads_to, mistake_in


@pytest.mark.parametrize(
    ("pattern", "address", "leads"),
    [
        ("example.com", "https://example.com/a?b=c", True),
        ("example.com", "http://www.Example.com", True),
        ("example.com", "https://blog.example.com:8443/", True),
        ("example.com", "https://myexample.com/", False),
        ("example.com", "https://example.com.evil.org/", False),
        ("example.com", "https://evil.org/example.com", False),
        ("https://www.example.com/", "https://example.com/x", True),
        ("example.com/blog", "https://example.com/blog", True),
        ("example.com/blog", "https://example.com/BLOG/a", True),
        ("example.com/blog", "https://example.com/blog?page=2", True),
        ("example.com/blog", "https://example.com/blogs", False),
        ("example.com/blog*", "https://example.com/blogs", True),
        ("example.com/blog/", "https://example.com/blog/a", True),
        ("*.example.*", "https://a.example.org/", True),
        ("*.example.*", "https://example.org/", False),
        ("*shop*", "https://my-shop.example.com/", True),
        ("shop*", "https://my-shop.example.com/", False),
        ("*.org", "https://example.org/", True),
        ("*.org", "https://example.org.com/", False),
        ("a*a.com", "https://a.com/", False),
        ("example.com/*/comments", "https://example.com/r/1/comments", True),
        ("example.com/*/comments", "https://example.com/r/comments/1/commentary", True),
        ("example.com/*/comments", "https://example.com/r/commentary", False),
        ("example.com/*?id=*", "https://example.com/a?id=7", True),
        ("münchen.de/straße", "https://xn--mnchen-3ya.de/stra%C3%9Fe/1", True),
        ("*münchen.de", "https://www.xn--mnchen-3ya.de/", True),
        ("example.com", "mailto:a@example.com", False),
    ],
)
def test_a_pattern_names_hosts_and_what_is_below_a_path(pattern, address, leads):
    assert mistake_in(pattern) is None
    assert leads_to(pattern, address) == leads


@pytest.mark.parametrize(
    "pattern",
    ["*", "/blog", "https://", "*.", "a", "a b.com", "ex" + "*" * 6, "a" * 201],
)
def test_a_pattern_that_says_too_little_or_too_much_is_a_mistake(pattern):
    assert mistake_in(pattern)


def test_no_pattern_is_slow():
    address = "https://example.com/" + "ab" * 100_000
    began = time.thread_time()
    for pattern in ("example.com/*a*a*a*a*c", "example.com/*b", "example.com/*ab*ba"):
        leads_to(pattern, address)
    assert time.thread_time() - began < 5  # CPU time, more than ten times the usual
