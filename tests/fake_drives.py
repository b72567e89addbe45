"""Google Drive and Microsoft Graph on loopback, as far as their documentation says how they behave:
tokens that expire and rotate, PKCE, folders in parts, uploads in pieces, limits."""

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
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

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
    """What both have in common: log-in and tokens. `nodes` is what is on the drive, by id.

    `refuse_next` has statuses (with headers) to answer the next requests to the API with; `spent`
    are refresh tokens that were used, which is told by `invalid_grant`.
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
        """New tokens."""
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
        """A client that breaks off is part of the tests."""

    def browse(self, url: str) -> str:
        """Open the page that asks the user, who agrees; where the browser is sent."""
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

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 -- as the library calls them

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
        """Take a piece; whether the file is complete, None for a piece that does not fit."""
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


class FakeGoogle(FakeDrive):
    """Version 3 of Google Drive's API."""

    def shown(self, node: Node) -> dict[str, Any]:
        shown = {"id": node.id, "name": node.name, "modifiedTime": as_text(node.changed)}
        if node.content is None:
            return shown | {"mimeType": "application/vnd.google-apps.folder"}
        if node.kind.startswith("application/vnd.google-apps."):
            return shown | {"mimeType": node.kind}
        return shown | {
            "mimeType": node.kind,
            "size": str(len(node.content)),
            "md5Checksum": node.etag,
        }

    def answer(self, call: Handler, path: str, query: dict[str, str], body: bytes) -> None:
        missing = {"error": {"code": 404, "errors": [{"reason": "notFound"}]}}
        if path == "/drive/v3/about":
            call.send(200, {"user": {"emailAddress": "ana@gmail.example"}})
        elif path == "/drive/v3/files":
            found = re.match(
                r"'([^']+)' in parents(?: and name = '((?:[^'\\]|\\.)*)')?", query["q"]
            )
            assert found is not None
            if found[1] not in self.nodes:
                call.send(404, missing)
                return
            nodes = self.children(found[1])
            if found[2] is not None:
                wanted = re.sub(r"\\(.)", r"\1", found[2])
                nodes = [node for node in nodes if node.name == wanted]
            start = int(query.get("pageToken", "0"))
            end = start + int(query["pageSize"])
            more = {"nextPageToken": str(end)} if end < len(nodes) else {}
            call.send(200, {"files": [self.shown(node) for node in nodes[start:end]], **more})
        elif path == "/upload/drive/v3/files":
            asked = json.loads(body)
            if asked["parents"][0] not in self.nodes:
                call.send(404, missing)
                return
            session = self.new("session")
            self.sessions[session] = {"asked": asked, "data": b""}
            call.send(200, None, {"Location": f"{self.url}/session/{session}"})
        elif path.startswith("/session/"):
            self.take(call, path.removeprefix("/session/"), body)
        elif found := re.fullmatch(r"/drive/v3/files/([^/]+)(/export)?", path):
            node = self.nodes.get(found[1])
            if node is None:
                call.send(404, missing)
            elif found[2]:
                call.send(200, b"%PDF-1.7 exported")
            elif query.get("alt") == "media":
                call.send(200, node.content)
            else:
                call.send(200, self.shown(node))
        else:
            call.send(404, missing)

    def take(self, call: Handler, name: str, body: bytes) -> None:
        session = self.sessions.get(name)
        if session is None:
            call.send(404)
            return
        if call.command == "DELETE":
            del self.sessions[name]
            call.send(499)
            return
        if self.refuse_next:
            call.send(*self.refuse_next.pop(0)[:1])
            return
        if not call.headers["Content-Range"].startswith("bytes */"):
            done = call.piece(session, body, 256 * 1024)
            if done is None:
                call.send(400)
                return
            if done:
                asked = session["asked"]
                node = Node(self.new("id"), asked["name"], asked["parents"][0], session["data"])
                self.nodes[node.id] = node
                call.send(200, self.shown(node))
                return
        held = len(session["data"])
        call.send(308, None, {"Range": f"bytes=0-{held - 1}"} if held else {})


class FakeGraph(FakeDrive):
    """Microsoft Graph's drive of a user."""

    def shown(self, node: Node) -> dict[str, Any]:
        shown = {
            "id": node.id,
            "name": node.name,
            "cTag": f"c:{node.etag}",
            "lastModifiedDateTime": as_text(node.changed),
        }
        if node.content is None:
            return shown | {"folder": {"childCount": len(self.children(node.id))}, "size": 0}
        return shown | {"file": {"mimeType": node.kind}, "size": len(node.content)}

    def at(self, path: str) -> Node | None:
        node: Node | None = self.nodes["root"]
        for name in filter(None, path.split("/")):
            node = self.named(name, node.id) if node is not None else None
        return node

    def answer(self, call: Handler, path: str, query: dict[str, str], body: bytes) -> None:
        missing = {"error": {"code": "itemNotFound"}}
        if path == "/me/drive":
            call.send(200, {"owner": {"user": {"email": "ana@outlook.example"}}})
        elif path.startswith("/content/"):
            node = self.nodes.get(path.removeprefix("/content/"))
            call.send(200, node.content) if node else call.send(404, missing)
        elif path.startswith("/session/"):
            self.take(call, path.removeprefix("/session/"), body)
        elif found := re.fullmatch(
            r"/me/drive/items/([^/:]+):/([^/]+):/(content|createUploadSession)", path
        ):
            self.begin(call, found[1], found[2], found[3], query, body)
        elif found := re.fullmatch(
            r"/me/drive/root(?::/(.*?)(?=:/|$))?:?(?:/(children|content))?", path
        ):
            node = self.at(found[1] or "")
            if node is None:
                call.send(404, missing)
            elif found[2] == "content":
                call.send(302, None, {"Location": f"{self.url}/content/{node.id}"})
            elif found[2] == "children":
                self.list_children(call, node, query)
            else:
                call.send(200, self.shown(node))
        else:
            call.send(404, missing)

    def list_children(self, call: Handler, node: Node, query: dict[str, str]) -> None:
        nodes = self.children(node.id)
        start = int(query.get("$skiptoken", "0"))
        end = start + int(query["$top"])
        link = f"{self.url}{quote(call.path.split('?')[0])}?$skiptoken={end}&$top={query['$top']}"
        more = {"@odata.nextLink": link} if end < len(nodes) else {}
        call.send(200, {"value": [self.shown(each) for each in nodes[start:end]], **more})

    def begin(
        self, call: Handler, parent: str, name: str, what: str, query: dict[str, str], body: bytes
    ) -> None:
        assert parent in self.nodes
        fails = query if what == "content" else json.loads(body)["item"]
        assert fails["@microsoft.graph.conflictBehavior"] == "fail"
        if self.named(name, parent) is not None:
            call.send(409, {"error": {"code": "nameAlreadyExists"}})
        elif what == "content":
            assert len(body) <= 4_000_000
            call.send(201, self.shown(self.add(name, body, parent)))
        else:
            session = self.new("session")
            self.sessions[session] = {"asked": (name, parent), "data": b""}
            call.send(200, {"uploadUrl": f"{self.url}/session/{session}"})

    def take(self, call: Handler, name: str, body: bytes) -> None:
        session = self.sessions.get(name)
        if session is None:
            call.send(404, {"error": {"code": "itemNotFound"}})
            return
        if call.command == "DELETE":
            del self.sessions[name]
            call.send(204)
            return
        if self.refuse_next:
            call.send(*self.refuse_next.pop(0)[:1])
            return
        if call.command == "PUT":
            done = call.piece(session, body, 320 * 1024)
            if done is None:
                call.send(416, {"error": {"code": "invalidRange"}})
                return
            if done:
                name, parent = session["asked"]
                call.send(201, self.shown(self.add(name, session["data"], parent)))
                return
        ranges = {"nextExpectedRanges": [f"{len(session['data'])}-"]}
        call.send(202 if call.command == "PUT" else 200, ranges)


def as_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@contextmanager
def fake(kind: type[FakeDrive]) -> Iterator[Any]:
    """One of them, running."""
    drive = kind()
    thread = threading.Thread(target=drive.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield drive
    finally:
        drive.shutdown()
        drive.server_close()
        thread.join()
