"""A chat endpoint that refuses, breaks off or takes forever: what the worker gets to see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.clients.ai.chat_server import GOOD, KEY, ChatServer, Reply, chat_server, refusal, says
from webapp.clients.ai.chat import ChatProvider
from webapp.clients.ai.choice import provider_from
from webapp.clients.ai.contract import AIError, Provider
from webapp.failure import Failure


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as started:
        yield started


@pytest.fixture
def chat(server: ChatServer) -> Iterator[Provider]:
    provider = provider_from(server.url, KEY, "test-model", timeout=10)
    yield provider
    provider.close()


def failure(provider: Provider, text: str = "A note.") -> AIError:
    with pytest.raises(AIError) as caught:
        provider.enrich(text)
    assert isinstance(caught.value, Failure)
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value)
    assert caught.value.__cause__ is None or KEY not in str(caught.value.__cause__)
    return caught.value


def in_90_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"Retry-After": "1.5"}, 1.5, 1.5),
        ({"Retry-After": "in 90 seconds"}, 30, 90),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0, 0),
        ({"Retry-After": "9", "retry-after-ms": "250"}, 0.25, 0.25),
        ({"Retry-After": "999999999999"}, 86_400, 86_400),
    ],
)
def test_a_429_is_temporary_and_carries_the_wait_asked_for(
    chat: Provider, server: ChatServer, headers: dict[str, str], least: float, most: float
) -> None:
    if headers["Retry-After"] == "in 90 seconds":
        # As a date, computed only now: the test may run long after it was collected.
        headers = {"Retry-After": in_90_seconds()}
    server.replies.append(Reply(429, {"error": {"message": "Slow down"}}, headers))
    error = failure(chat)
    assert not error.permanent
    assert error.retry_after is not None
    assert least <= error.retry_after <= most
    assert "Slow down" in str(error)


@pytest.mark.parametrize("value", ["soon", "-5", "nan", "", "Mon, 99 Foo 2025"])
def test_a_wait_that_makes_no_sense_is_no_wait(
    chat: Provider, server: ChatServer, value: str
) -> None:
    server.replies.append(Reply(429, {}, {"Retry-After": value}))
    assert failure(chat).retry_after is None


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_a_busy_or_broken_endpoint_is_temporary(
    chat: Provider, server: ChatServer, status: int
) -> None:
    server.replies.append(refusal(status, "Later"))
    assert not failure(chat).permanent


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "AI_MODEL"),
        (401, "check AI_KEY"),
        (402, "credit"),
        (403, "AI_KEY"),
        (404, "AI_URL"),
        (413, "larger context"),
        (418, "HTTP 418"),
        (302, "redirects"),
    ],
)
def test_a_refusal_that_trying_again_cannot_change_is_permanent_and_says_what_to_do(
    chat: Provider, server: ChatServer, status: int, advice: str
) -> None:
    server.replies.append(refusal(status, f"You sent {KEY}; no", Retry_After="5"))
    error = failure(chat)
    assert error.permanent
    assert error.retry_after is None
    assert advice in str(error)
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_with_the_key(chat: Provider, server: ChatServer) -> None:
    with chat_server() as elsewhere:
        server.replies.append(Reply(307, {}, {"Location": f"{elsewhere.url}/chat/completions"}))
        assert failure(chat).permanent
        assert elsewhere.requests == []


def test_an_error_inside_a_200_counts_as_the_status_it_names(
    chat: Provider, server: ChatServer
) -> None:
    server.replies.append(Reply(200, {"error": {"message": "No credit", "code": 402}}))
    assert failure(chat).permanent
    server.replies.append(Reply(200, {"error": {"message": "Upstream is down"}}))
    assert not failure(chat).permanent


def test_the_key_is_in_no_representation_of_the_provider(chat: Provider) -> None:
    assert KEY not in repr(chat)
    assert KEY not in str(chat)


# --- time and size --------------------------------------------------------------------------


@pytest.fixture
def hasty(server: ChatServer) -> Iterator[Provider]:
    provider = provider_from(server.url, KEY, "m", timeout=0.2)
    yield provider
    provider.close()


@pytest.mark.parametrize("drip_headers", [False, True])
def test_a_server_that_drips_does_not_outlast_the_deadline(
    hasty: Provider, server: ChatServer, drip_headers: bool
) -> None:
    server.replies.append(Reply(200, GOOD, drip=0.5, drip_headers=drip_headers))
    started = time.monotonic()
    error = failure(hasty)
    # The answer would take more than a minute; the margin is for a busy machine.
    assert time.monotonic() - started < 30
    assert not error.permanent
    assert "in time" in str(error)


def test_the_tries_of_one_call_share_one_deadline(hasty: Provider, server: ChatServer) -> None:
    # Each answer on its own is in time (some 60 bytes at 4 ms), the four together are not.
    server.model = lambda _: Reply(400, {"error": "response_format temperature"}, drip=0.004)
    assert "in time" in str(failure(hasty))


def test_an_answer_above_one_megabyte_is_given_up(chat: Provider, server: ChatServer) -> None:
    server.replies.append(says(GOOD | {"summary": "x" * 1_100_000}))
    error = failure(chat)
    assert "more than 1 MB" in str(error)
    assert not error.permanent


def test_an_answer_that_breaks_off_is_temporary(chat: Provider, server: ChatServer) -> None:
    server.replies.append(Reply(200, GOOD, promised=10))
    assert not failure(chat).permanent


def test_a_connection_refused_is_temporary() -> None:
    with chat_server() as server:
        url = server.url
    provider = provider_from(url, KEY, "m", timeout=5)
    error = failure(provider)
    provider.close()
    assert not error.permanent
    assert "cannot be reached (ConnectionRefusedError)" in str(error)


def test_an_address_the_http_library_refuses_is_permanent() -> None:
    provider = provider_from("http://\u2603.example/v1", KEY, "m", timeout=5)
    error = failure(provider)
    provider.close()
    assert error.permanent
    assert "AI_URL" in str(error)


def test_a_name_nobody_has_is_temporary() -> None:
    provider = provider_from("http://nobody.invalid/v1", KEY, "m", timeout=5)
    assert not failure(provider).permanent
    provider.close()


def test_after_an_error_the_provider_serves_on(hasty: Provider, server: ChatServer) -> None:
    server.replies += [Reply(200, GOOD, drip=0.02), Reply(200, b"\xff"), says(GOOD)]
    failure(hasty)
    failure(hasty)
    assert hasty.enrich("A note.").title == GOOD["title"]


def test_a_closed_chat_provider_refuses_to_serve(server: ChatServer) -> None:
    provider = ChatProvider(server.url, KEY, "m")
    provider.enrich("A note.")
    provider.close()
    with pytest.raises(RuntimeError):
        provider.enrich("A note.")
