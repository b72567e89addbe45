"""A server on loopback that speaks OpenAI's chat completions, well or badly, as a test asks."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-0123456789abcdef"


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def material(self) -> dict[str, Any]:
        """The user message, decoded."""
        return json.loads(self.body["messages"][-1]["content"])


@dataclass(frozen=True)
class Reply:
    """What the server answers. A `drip` sends one byte, then waits that many seconds."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    drip_headers: bool = False
    promised: int = 0  # bytes that Content-Length promises in addition to those that are sent


Model = Callable[[Request], Reply]


def completion(content: Any, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion whose one choice says `content`."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
    }


def says(content: Any, **more: Any) -> Reply:
    """A completion that says `content`; anything but a string is written as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Reply(body=completion(text, **more))


GOOD = {
    "title": "Heat pump for the workshop",
    "summary": "The boiler is old. A heat pump would cost 14,000 euros.",
    "tags": [{"name": "heating", "confidence": 0.9}, {"name": "workshop", "confidence": 0.6}],
    "language": "en",
}


def refusal(status: int, message: str, **headers: str) -> Reply:
    """An error as OpenAI words it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"message": message, "type": "invalid"}}, named)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # A full queue drops the connection, and the client tries again a second later.
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Nothing is printed: a client that hangs up in the middle is what some tests are about."""


class ChatServer:
    """Answers with `replies` in order, then with `model`, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: deque[Reply] = deque()
        self.model: Model = lambda _: says(GOOD)
        self.stopped = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.002,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    @property
    def url(self) -> str:
        return f"{self.address}/v1"

    def stop(self) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    server = ChatServer()
    try:
        yield server
    finally:
        server.stop()


def _handler_of(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            request = Request(self.path, dict(self.headers), json.loads(self.rfile.read(length)))
            server.requests.append(request)
            reply = server.replies.popleft() if server.replies else server.model(request)
            try:
                self._send(reply)
            except OSError:
                self.close_connection = True  # the client has had enough

        def _send(self, reply: Reply) -> None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            head = [f"HTTP/1.1 {reply.status} Status", "Content-Type: application/json"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            head += [f"Content-Length: {len(body) + reply.promised}", "", ""]
            start = "\r\n".join(head).encode()
            if reply.promised:
                self.close_connection = True
            if reply.drip_headers:
                self._write(start + body, reply.drip)
            elif reply.drip:
                self._write(start, 0)
                self._write(body, reply.drip)
            else:
                # In one piece: a second small one would wait 40 ms for an acknowledgement.
                self._write(start + body, 0)

        def _write(self, data: bytes, drip: float) -> None:
            if not drip:
                self.wfile.write(data)
                return
            for byte in data:
                self.wfile.write(bytes([byte]))
                if server.stopped.wait(drip):
                    raise OSError("the test is over")

        def log_message(self, *_: Any) -> None:
            """Nothing is printed: pytest shows what matters."""

    return Handler
