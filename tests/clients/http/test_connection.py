"""Connecting: the addresses of a name in turn, each with its share of the time."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from tests.clients.site import Site, dns
from webapp.clients.http import connection
from webapp.clients.http.allowance import Allowance
from webapp.clients.http.contract import CallError


def test_the_next_address_is_tried_with_an_equal_share_of_the_time() -> None:
    tried: list[tuple[str, float]] = []

    def dial(where: tuple[str, int], timeout: float) -> Any:
        tried.append((where[0], timeout))
        raise TimeoutError

    with pytest.raises(CallError) as caught:
        connection.dial(["1.1.1.1", "2.2.2.2", "3.3.3.3"], 80, Allowance(3), dial)
    assert [address for address, _ in tried] == ["1.1.1.1", "2.2.2.2", "3.3.3.3"]
    assert 0 < tried[0][1] <= 1 < tried[2][1] <= 3
    assert caught.value.what == "cannot be reached (TimeoutError)"


def test_no_address_takes_more_than_five_seconds(site: Site) -> None:
    given: list[float] = []

    def dial(_: object, timeout: float) -> socket.socket:
        given.append(timeout)
        return site.dial(("", 0), timeout)

    connection.dial(["1.1.1.1"], 80, Allowance(600), dial).close()
    assert given == [5.0]


def test_a_name_without_an_address_is_not_connected_to() -> None:
    with pytest.raises(CallError) as caught:
        connection.dial([], 80, Allowance(3), socket.create_connection)
    assert caught.value.what == "has no address"


def test_each_address_is_found_once() -> None:
    found = connection.look_up("x.example", 80, Allowance(3), dns(["1.1.1.1", "1.1.1.1"]))
    assert found == ["1.1.1.1"]


def test_a_look_up_that_takes_too_long_is_left_behind() -> None:
    release = threading.Event()

    def resolve(*_: object, **__: object) -> Any:
        release.wait(60)
        return []

    began = time.monotonic()
    with pytest.raises(CallError) as caught:
        connection.look_up("slow.example", 80, Allowance(0.1), resolve)
    assert caught.value.rule == "timeout"
    assert time.monotonic() - began < 30
    release.set()


def test_an_allowance_that_is_used_up_raises() -> None:
    with pytest.raises(CallError):
        Allowance(0).left()
    allowance = Allowance(10, step=1, wire_bytes=3)
    assert 0 < allowance.left() <= 1
    assert allowance.left(0.5) == 0.5
    allowance.take(3)
    with pytest.raises(CallError):
        allowance.take(1)
