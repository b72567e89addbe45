"""Connections that lead to the public internet and nowhere else."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from tests.clients.public.calls import PRIVATE, PUBLIC, calling, got, refused, untouchable
from tests.clients.site import Site, dns, redirect, text
from webapp.clients.public.address import is_loopback, is_public


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255"),
        *("100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255"),
        *("192.168.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255"),
        *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16"),
        *(
            "::",
            "::1",
            "::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
        ),
        *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:2::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
        *(
            "2002:7f00:1::",
            "2002:0a00:0001::1",
            "2002:c0a8:101::",
            "2001:0:4136:e378:8000:63bf:1:2",
        ),
        *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"),
        *("64:ff9b:1::127.0.0.1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1::8.8.8.8"),
        *("::ffff:8.8.8.8%1", "", "example.com", "8.8.8"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    client = calling(resolve=dns(address), dial=untouchable)
    error = refused(client, "http://inside.example/")
    assert (error.rule, error.permanent) == ("address_not_public", True)
    assert not address or address not in str(error)


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"),
        *("223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8"),
        *("64:ff9b::8.8.8.8", "2002:808:808::1"),
    ],
)
def test_a_public_address_is_connected_to(address: str, site: Site) -> None:
    site.pages["/"] = text()
    connected: list[tuple[str, int]] = []

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(where)
        return site.dial(where, timeout)

    client = calling(resolve=dns(address), dial=dial)
    assert got(client, "http://news.example:8080/")[1] == b"Just text."
    assert connected == [(address, 8080)]
    assert "\r\nhost: news.example:8080\r\n" in site.requests[0].lower()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]"])
def test_an_address_in_the_url_is_judged_without_a_look_up(host: str) -> None:
    client = calling(resolve=untouchable, dial=untouchable)
    assert refused(client, f"http://{host}/").rule == "address_not_public"


def test_localhost_is_refused_by_its_address() -> None:
    assert refused(calling(dial=untouchable), "http://localhost/").rule == "address_not_public"


@pytest.mark.parametrize(
    "address",
    [PRIVATE, "169.254.169.254", "0.0.0.0", "::", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"],
)
def test_allowing_loopback_allows_nothing_else(address: str) -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback(address)
    client = calling(allow_loopback=True, resolve=dns(address), dial=untouchable)
    assert refused(client, "http://inside.example/").rule == "address_not_public"


@pytest.mark.parametrize("addresses", [[PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "::1"]])
def test_one_private_address_among_public_ones_refuses_them_all(addresses: list[str]) -> None:
    client = calling(resolve=dns(addresses), dial=untouchable)
    assert refused(client, "http://mixed.example/").rule == "address_not_public"


def test_a_name_is_looked_up_once_so_it_cannot_change_before_the_connection(site: Site) -> None:
    site.pages["/"] = text()
    connected: list[str] = []

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(where[0])
        return site.dial(where, timeout)

    # The second answer, loopback, would come if anybody asked a second time.
    client = calling(resolve=dns(PUBLIC, "127.0.0.1"), dial=dial)
    got(client, "http://rebinding.example/")
    assert connected == [PUBLIC]


def test_a_name_that_changes_for_the_redirect_is_refused(site: Site) -> None:
    site.pages["/"] = redirect("/again")
    client = calling(resolve=dns(PUBLIC, "127.0.0.1"), dial=site.dial)
    assert refused(client, "http://rebinding.example/").rule == "address_not_public"
    assert len(site.requests) == 1


def test_the_next_address_is_tried_when_one_does_not_answer(site: Site) -> None:
    site.pages["/"] = text()

    def dial(where: tuple[str, int], timeout: float) -> socket.socket:
        if where[0] != PUBLIC:
            raise ConnectionRefusedError
        return site.dial(where, timeout)

    client = calling(resolve=dns(["2606:4700::1111", PUBLIC]), dial=dial)
    assert got(client, "http://news.example/")[1] == b"Just text."


@pytest.mark.parametrize(
    ("failure", "rule", "permanent"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "name_not_found", True),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "unreachable", False),
        (socket.gaierror(socket.EAI_FAIL, "failed"), "unreachable", False),
        (UnicodeError("label too long"), "unreachable", False),
    ],
)
def test_an_unknown_name_is_permanent_and_a_failing_look_up_is_not(
    failure: Exception, rule: str, permanent: bool
) -> None:
    def resolve(*_: object, **__: object) -> Any:
        raise failure

    error = refused(calling(resolve=resolve), "http://nowhere.example/")
    assert (error.rule, error.permanent) == (rule, permanent)


@pytest.mark.parametrize("port", [80, 443, 8080, 8443])
def test_the_ports_of_the_web_are_connected_to(port: int, site: Site) -> None:
    site.pages["/"] = text()
    client = calling(resolve=dns(PUBLIC), dial=site.dial)
    assert got(client, f"http://news.example:{port}/")[1] == b"Just text."


@pytest.mark.parametrize("allow_loopback", [False, True])
@pytest.mark.parametrize("port", [1, 22, 25, 81, 3306, 5432, 6379, 8081, 9200, 65535])
def test_no_other_port_is_connected_to(port: int, allow_loopback: bool) -> None:
    client = calling(allow_loopback=allow_loopback, resolve=dns(PUBLIC), dial=untouchable)
    for host in ("news.example", PUBLIC):
        error = refused(client, f"http://{host}:{port}/")
        assert (error.rule, error.permanent) == ("port", True)
        assert str(error) == (
            f"The address names port {port}. Coffer only calls ports 80, 443, 8080 and 8443."
        )


def test_a_redirect_reaches_no_other_port_either(site: Site) -> None:
    site.pages["/"] = redirect("http://news.example:22/")
    client = calling(resolve=dns(PUBLIC), dial=site.dial)
    assert refused(client, "http://news.example/").rule == "port"
    assert len(site.requests) == 1


def test_another_port_is_refused_before_anything_is_looked_up() -> None:
    client = calling(resolve=untouchable, dial=untouchable)
    assert refused(client, "http://news.example:22/").rule == "port"


def test_a_slow_look_up_does_not_outlast_the_allowance() -> None:
    release = threading.Event()

    def resolve(*_: object, **__: object) -> Any:
        release.wait(60)
        return []

    began = time.monotonic()
    assert refused(calling(resolve=resolve), "http://slow.example/", seconds=0.15).rule == (
        "unreachable"
    )
    assert time.monotonic() - began < 30
    release.set()
