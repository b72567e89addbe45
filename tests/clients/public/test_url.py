"""URLs that are plainly what they seem to be, and others."""

from __future__ import annotations

import pytest

from webapp.clients.public.contract import AddressError
from webapp.clients.public.url import check_url


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("", "scheme"),
        ("example.com/page", "scheme"),
        ("/page", "scheme"),
        ("//example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("gopher://example.com/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,hi", "scheme"),
        ("http:example.com", "scheme"),
        ("ws://example.com/", "scheme"),
        ("http://user:secret@example.com/", "credentials"),
        ("http://user@example.com/", "credentials"),
        ("http://@example.com/", "credentials"),
        ("http://example.com\\@127.0.0.1/", "credentials"),
        ("http://example.com/" + "a" * 2030, "url_too_long"),
        ("http:///page", "host"),
        ("http://", "host"),
        ("http://:80/", "host"),
        ("http://2130706433/", "host"),
        ("http://0x7f000001/", "host"),
        ("http://0x7f.1/", "host"),
        ("http://0177.0.0.1/", "host"),
        ("http://017700000001/", "host"),
        ("http://127.1/", "host"),
        ("http://127.0.0.0x1/", "host"),
        ("http://127.0.0.1.2/", "host"),
        ("http://256.1.1.1/", "host"),
        ("http://127.0.0.1./", "host"),
        ("http://example.com./", "host"),
        ("http://example..com/", "host"),
        ("http://-example.com/", "host"),
        ("http://exa mple.com/", "host"),
        ("http://example.com\\evil/", "host"),
        ("http://%31%32%37.0.0.1/", "host"),
        ("http://" + "a" * 64 + ".com/", "host"),
        ("http://" + "a." * 130 + "com/", "host"),
        ("http://bücher.example/", "host"),
        ("http://１２７.０.０.１/", "host"),
        ("http://ⓛocalhost/", "host"),
        ("http://127。0。0。1/", "host"),
        ("http://[::1%25lo]/", "host"),
        ("http://[fe80::1%eth0]/", "host"),
        ("http://[127.0.0.1]/", "host"),
        ("http://[]/", "host"),
        ("http://[::1]evil/", "url"),
        ("http://[::1/", "url"),
        ("http://example.com:0/", "url"),
        ("http://example.com:65536/", "url"),
        ("http://example.com:8a/", "url"),
        ("http://example.com:+80/", "url"),
        ("http://example.com:80:80/", "url"),
        ("http://example.com/\r\nX-Evil: 1", "url"),
        ("http://example.com/\0", "url"),
        ("http://::1/", "url"),
    ],
)
def test_a_url_that_is_not_plainly_a_web_address_is_refused(url: str, rule: str) -> None:
    with pytest.raises(AddressError) as caught:
        check_url(url)
    assert (caught.value.rule, caught.value.permanent) == (rule, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://News.Example/A", "http://news.example/A"),
        ("https://news.example:443/a", "https://news.example/a"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://a_b.example:8080/?q=ü", "http://a_b.example:8080/?q=%C3%BC"),
        ("http://1.1.1.1/", "http://1.1.1.1/"),
        ("http://3com.example/x@y", "http://3com.example/x@y"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/"),
        ("http://[2606:4700::ABCD]:81/", "http://[2606:4700::ABCD]:81/"),
    ],
)
def test_ordinary_addresses_are_taken(url: str, expected: str) -> None:
    assert str(check_url(url)) == expected


def test_a_host_in_other_letters_is_told_how_to_write_it() -> None:
    with pytest.raises(AddressError, match=r"xn--bcher-kva\.example"):
        check_url("http://bücher.example/")
