"""Calls through a gate whose look-ups and connections are replaced by a test."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from webapp.clients.http.allowance import Allowance
from webapp.clients.http.client import read
from webapp.clients.http.contract import CallError
from webapp.clients.public.client import PublicClient
from webapp.clients.public.contract import AddressError
from webapp.clients.public.gate import Gate

PUBLIC = "93.184.215.14"
PRIVATE = "10.1.2.3"


def calling(
    *,
    allow_loopback: bool = False,
    resolve: Any = socket.getaddrinfo,
    dial: Any = socket.create_connection,
    trust: Any = None,
) -> PublicClient:
    return PublicClient(Gate(allow_loopback, resolve, dial), trust=trust)


def got(client: PublicClient, url: str, *, seconds: float = 3) -> tuple[str, bytes]:
    """Where `url` leads to, and what is there."""
    with client.follow(url, Allowance(seconds)) as response:
        return str(response.url), read(response.iter_bytes(), 1_000_000)


def refused(client: PublicClient, url: str, *, seconds: float = 3) -> AddressError | CallError:
    with pytest.raises((AddressError, CallError)) as caught:
        got(client, url, seconds=seconds)
    return caught.value


def untouchable(*_: object, **__: object) -> Any:
    pytest.fail("nothing may be looked up or connected to")
