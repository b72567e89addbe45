"""A node of a chain on loopback that speaks JSON-RPC, and does what nodes do wrong.

It answers as `answers` say, by method, or passes calls on to the real node `behind` it. What is put
into `faults` happens to the next requests.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2


@dataclass(frozen=True)
class Fault:
    """What a request gets in place of its answer. None for `status`: the connection is closed. With
    `after`, the call is passed on first, and only its answer is lost."""

    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: bool = False


class Refused(Exception):
    """An answer with an error."""

    def __init__(self, message: str, code: int = -32000, data: object = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data else {})}


@dataclass
class FakeNode:
    """What is asked, and how it is answered. `answers` are called with the parameters, may raise
    `Refused`, and may return NotImplemented for what the node behind is to answer."""

    behind: str | None = None
    url: str = ""
    answers: dict[str, Callable[..., Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    faults_of: dict[str, list[Fault]] = field(default_factory=dict)  # the next with such a call
    requests: list[list[tuple[str, list[Any]]]] = field(default_factory=list)
    batch_limit: int | None = None
    client: httpx2.Client = field(
        default_factory=lambda: httpx2.Client(trust_env=False, timeout=30, verify=False)
    )

    def asked(self, method: str) -> list[list[Any]]:
        """The parameters of each call of a method."""
        return [params for calls in self.requests for name, params in calls if name == method]

    def reply(self, body: bytes) -> Fault | bytes:
        """What a request gets."""
        said = json.loads(body)
        calls = said if isinstance(said, list) else [said]
        self.requests.append([(call["method"], call["params"]) for call in calls])
        fault = self._fault(calls)
        if fault is not None and not fault.after:
            return fault
        if isinstance(said, list) and self.batch_limit is not None and len(said) > self.batch_limit:
            error = {"code": -32600, "message": f"batch limit {self.batch_limit} exceeded"}
            return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
        # In another order, which the specification allows.
        answered = [self._answer(call) for call in reversed(calls)]
        if fault is not None:
            return fault
        return json.dumps(answered if isinstance(said, list) else answered[0]).encode()

    def _fault(self, calls: list[dict[str, Any]]) -> Fault | None:
        for call in calls:
            if waiting := self.faults_of.get(call["method"]):
                return waiting.pop(0)
        return self.faults.pop(0) if self.faults else None

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        told = {"jsonrpc": "2.0", "id": call["id"]}
        answer = self.answers.get(call["method"])
        try:
            result = NotImplemented if answer is None else answer(*call["params"])
        except Refused as refused:
            return told | {"error": refused.error}
        if result is not NotImplemented:
            return told | {"result": result}
        if self.behind is None:
            return told | {"error": {"code": -32601, "message": "the method does not exist"}}
        return self._passed_on(call)

    def pass_on(self, method: str, params: list[Any]) -> Any:
        """What the node behind answers to a call."""
        return self._passed_on({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})[
            "result"
        ]

    def _passed_on(self, call: dict[str, Any]) -> dict[str, Any]:
        assert self.behind is not None
        passed: dict[str, Any] = self.client.post(self.behind, json=call).json()
        return passed


@contextlib.contextmanager
def fake_node(behind: str | None = None) -> Iterator[FakeNode]:
    """One that runs until the end of the block."""
    made = FakeNode(behind)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            reply = made.reply(self.rfile.read(int(self.headers["Content-Length"])))
            if isinstance(reply, bytes):
                reply = Fault(200, reply, {"Content-Type": "application/json"})
            if reply.status is None:
                self.close_connection = True
                return
            with contextlib.suppress(OSError):  # whoever asked may have been killed
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
            made.client.close()
