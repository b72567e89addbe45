"""What fakes of drives on loopback have in common: log-in with PKCE, tokens that expire and rotate,
limits, uploads in pieces."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "coffer-client", "a secret of the client"


@dataclass
class Node:
    """A file or folder."""

    id: str
    name: str
    parent: str
    content: bytes | None  # None: a folder
    kind: str = "application/octet-stream"
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def etag(self) -> str:
        return hashlib.md5(self.content or b"").hexdigest()


class FakeDrive(ThreadingHTTPServer):
    """What both fakes have in common: log-in and tokens. `nodes` is the drive's content, by id.

    `refuse_next` has the statuses (with headers) that answer the next requests to the API. A
    refresh token that was used before is answered with `invalid_grant`.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.nodes: dict[str, Node] = {"root": Node("root", "root", "", None)}
        self.codes: dict[str, dict[str, str]] = {}
        self.access: set[str] = set()
        self.refreshable: set[str] = set()
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refuse_next: list[tuple[int, dict[str, str]]] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.refreshes = 0
        self.lifetime = 3600
        self.numbers = itertools.count(1)
        self.lock = threading.RLock()

    def new(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"

    def grant(self) -> dict[str, Any]:
        """Issue new tokens."""
        access, refresh = self.new("access"), self.new("refresh")
        self.access.add(access)
        self.refreshable.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": self.lifetime,
            "token_type": "Bearer",
        }

    def add(self, name: str, content: bytes | None, parent: str = "root", **more: Any) -> Node:
        with self.lock:
            same = self.named(name, parent)
            if same is not None and content is not None and same.content is not None:
                same.content, same.changed = content, datetime.now(UTC)
                return same
            node = Node(self.new("id"), name, parent, content, **more)
            self.nodes[node.id] = node
            return node

    def named(self, name: str, parent: str) -> Node | None:
        found = (n for n in self.nodes.values() if n.name == name and n.parent == parent)
        return next(found, None)

    def children(self, parent: str) -> list[Node]:
        return sorted(
            (node for node in self.nodes.values() if node.parent == parent),
            key=lambda node: node.name,
        )

    def names(self) -> list[str]:
        return sorted(node.name for node in self.children("root"))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing is printed: a client that breaks off is part of the tests."""

    def browse(self, url: str) -> str:
        """Open the page that asks the user, who agrees; returns where the browser is sent."""
        parts = urlsplit(url)
        assert url.startswith(f"{self.url}/authorize?"), url
        query = dict(parse_qsl(parts.query))
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        code = self.new("code")
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        with self.lock:
            if form["grant_type"] == "refresh_token":
                self.refreshes += 1
                if form["refresh_token"] not in self.refreshable:
                    return 400, {"error": "invalid_grant"}
                self.refreshable.discard(form["refresh_token"])
                return 200, self.grant()
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if (
                asked is None
                or asked["code_challenge"] != challenge
                or asked["redirect_uri"] != form["redirect_uri"]
            ):
                return 400, {"error": "invalid_grant"}
            return 200, self.grant()

    def answer(self, call: Handler, path: str, query: dict[str, str], body: bytes) -> None:
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeDrive

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        drive, path = self.server, unquote(parts.path)
        drive.seen.append(
            (self.command, parts.path, {k.lower(): v for k, v in self.headers.items()})
        )
        if path == "/token":
            self.send(*drive.token(dict(parse_qsl(body.decode()))))
            return
        is_secret_address = path.startswith(("/session/", "/content/"))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if is_secret_address and token:
            self.send(400, {"error": {"code": "tokenSentElsewhere"}})
        elif not is_secret_address and token not in drive.access:
            self.send(401, {"error": {"code": "unauthenticated"}})
        elif drive.refuse_next:
            status, headers = drive.refuse_next.pop(0)
            self.send(status, {"error": {"code": "tooBusy"}}, headers)
        else:
            drive.answer(self, path, query, body)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 -- named by the library

    def send(self, status: int, data: Any = None, headers: dict[str, str] | None = None) -> None:
        content = (
            data if isinstance(data, bytes) else b"" if data is None else json.dumps(data).encode()
        )
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass

    def piece(self, session: dict[str, Any], body: bytes, multiple: int) -> bool | None:
        """Take a piece; returns whether the file is complete, or None if the piece does not fit."""
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self.headers.get("Content-Range", ""))
        if found is None:
            return None
        start, end, total = map(int, found.groups())
        is_last = end + 1 == total
        if start != len(session["data"]) or len(body) != end - start + 1:
            return None
        if not is_last and len(body) % multiple:
            return None
        session["data"] += body
        return is_last


def as_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@contextmanager
def fake(kind: type[FakeDrive]) -> Iterator[Any]:
    """A fake drive, running."""
    drive = kind()
    thread = threading.Thread(target=drive.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield drive
    finally:
        drive.shutdown()
        drive.server_close()
        thread.join()
