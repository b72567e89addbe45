"""Messages to webhooks over connections that are used again."""

from __future__ import annotations

import socket
import threading

import pytest

from webapp.clients.public.gate import Gate
from webapp.clients.webhooks.contract import Message
from webapp.clients.webhooks.sender import Sender
from webapp.clients.webhooks.signature import new_secret

ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"
MESSAGE = Message("7", b'{"type": "item.created"}', [new_secret()])


class Endpoint:
    """Answers the requests on each connection, in turn; None closes it after the request."""

    def __init__(self, *connections: list[bytes | None]) -> None:
        self.requests: list[int] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/hook"
        self._thread = threading.Thread(target=self._serve, args=(connections,), daemon=True)
        self._thread.start()

    def _serve(self, connections: tuple[list[bytes | None], ...]) -> None:
        for number, answers in enumerate(connections, 1):
            connected, _ = self._listening.accept()
            with connected, connected.makefile("rb") as lines:
                for answer in answers:
                    self._read(lines)
                    self.requests.append(number)
                    if answer is None:
                        break
                    connected.sendall(answer)

    def _read(self, lines) -> None:
        length = 0
        while (line := lines.readline().strip().lower()) != b"":
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        lines.read(length)

    def ended(self) -> list[int]:
        """On which connection each request came, after the last one."""
        self._thread.join(60)
        self._listening.close()
        return self.requests


@pytest.fixture
def sender():
    sending = Sender(Gate(allow_loopback=True))
    yield sending
    sending.close()


def statuses(sender, endpoint, count):
    return [sender.send(endpoint.url, MESSAGE).status for _ in range(count)]


def test_several_messages_share_a_connection(sender):
    endpoint = Endpoint([ACCEPTED, ACCEPTED, ACCEPTED])
    assert statuses(sender, endpoint, 3) == [204, 204, 204]
    assert endpoint.ended() == [1, 1, 1]


def test_a_kept_connection_that_closes_at_the_wrong_moment_fails_nothing(sender):
    endpoint = Endpoint([ACCEPTED, None], [ACCEPTED])
    assert statuses(sender, endpoint, 2) == [204, 204]
    assert endpoint.ended() == [1, 1, 2]


def test_an_endpoint_that_has_not_answered_is_tried_once(sender):
    endpoint = Endpoint([None], [None])
    assert statuses(sender, endpoint, 2) == [None, None]
    assert endpoint.ended() == [1, 2]


def test_an_endpoint_that_goes_away_is_tried_twice_and_then_once(sender):
    endpoint = Endpoint([ACCEPTED, None], [None], [None])
    assert statuses(sender, endpoint, 3) == [204, None, None]
    assert endpoint.ended() == [1, 1, 2, 3]
