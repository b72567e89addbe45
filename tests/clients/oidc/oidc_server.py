"""An OpenID provider on loopback that lies, breaks off or takes forever, as a test asks."""

from __future__ import annotations

import base64
import functools
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc.jwk import ECKey, Key, KeyParameters, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT_ID = "coffer"
CLIENT_SECRET = "secret/0123456789abcdef"
ACCESS_TOKEN = "access-0123456789abcdef"
PATHS = {
    "discovery": "/.well-known/openid-configuration",
    "token": "/token",
    "keys": "/keys",
    "userinfo": "/userinfo",
}


@dataclass(frozen=True)
class Request:
    """What the client sent."""

    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What the server answers. A `drip` sends one byte, then waits that many seconds."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    hang: bool = False  # no answer comes
    promised: int = 0  # bytes that Content-Length promises in addition to those that are sent


@functools.cache
def key_for(algorithm: str, name: str = "one") -> Key:
    """A key that signs with `algorithm`; the same one for the same name."""
    extra: KeyParameters = {"kid": name, "use": "sig"}
    if algorithm.startswith("ES"):
        curve = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm]
        return ECKey.generate_key(curve, extra)
    if algorithm.startswith("Ed"):
        return OKPKey.generate_key("Ed448" if algorithm == "Ed448" else "Ed25519", extra)
    return RSAKey.generate_key(2048, extra)


def segment(data: Any) -> str:
    """A part of a token; bytes as they are, anything else as JSON."""
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims: Any, key: Key, algorithm: str = "ES256", **header: Any) -> str:
    """A token of `claims`, whatever they are; a header parameter that is None is left out.

    Made by hand, because joserfc rightly does not write some of what it has to refuse.
    """
    header = {"alg": algorithm, "kid": key.kid} | header
    header = {name: value for name, value in header.items() if value is not None}
    start = f"{segment(header)}.{segment(claims)}"
    return f"{start}.{segment(JWSRegistry.algorithms[algorithm].sign(start.encode(), key))}"


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # A full queue drops the connection, and the client tries again a second later.
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Nothing is printed: a client that hangs up in the middle is what some tests are about."""


class OidcServer:
    """Answers like a good provider, except for `replies`, each to the path of one of `PATHS`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: dict[str, Reply] = {}
        self.stopped = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _handler_of(self))
        self.issuer = f"http://127.0.0.1:{self._http.server_port}"
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        self.key = key_for("ES256")
        self.published: list[Any] = [self.key.as_dict(private=False)]
        self.id_token: Any = ""
        self.userinfo: dict[str, Any] = {"sub": "1001", "email": "ana@example.com"}
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.002,))
        self._thread.start()

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of a good ID token, with changes.

        A change to None leaves the claim out; a timedelta is a time from now.
        """
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "1001",
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "email": "ana@example.com",
            "email_verified": True,
            "name": "Ana Lima",
        }
        changed = {
            name: now + value.total_seconds() if isinstance(value, timedelta) else value
            for name, value in changes.items()
        }
        return {name: value for name, value in (claims | changed).items() if value is not None}

    def asked(self, name: str) -> list[Request]:
        """The requests for one of `PATHS`."""
        return [request for request in self.requests if request.path == PATHS.get(name, name)]

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        named = {path: name for name, path in PATHS.items()}.get(request.path, "")
        if named in self.replies:
            return self.replies[named]
        tokens = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "id_token": self.id_token}
        bodies = {
            "discovery": self.document,
            "token": tokens,
            "keys": {"keys": self.published},
            "userinfo": self.userinfo,
        }
        return Reply(body=bodies[named]) if named else Reply(404)

    def stop(self) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def oidc_server() -> Iterator[OidcServer]:
    server = OidcServer()
    try:
        yield server
    finally:
        server.stop()


def _handler_of(server: OidcServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer({name: values[0] for name, values in parse_qs(text).items()})

        def _answer(self, form: dict[str, str]) -> None:
            reply = server.answer(Request(self.path, dict(self.headers), form))
            try:
                self._send(reply)
            except OSError:
                self.close_connection = True  # the client has had enough

        def _send(self, reply: Reply) -> None:
            if reply.hang:
                server.stopped.wait()
                raise OSError("the test is over")
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            head = [f"HTTP/1.1 {reply.status} Status", "Content-Type: application/json"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            head += [f"Content-Length: {len(body) + reply.promised}", "", ""]
            # In one piece: a second small one would wait 40 ms for an acknowledgement.
            data = "\r\n".join(head).encode() + body
            if reply.promised:
                self.close_connection = True
            if not reply.drip:
                self.wfile.write(data)
                return
            for byte in data:
                self.wfile.write(bytes([byte]))
                if server.stopped.wait(reply.drip):
                    raise OSError("the test is over")

        def log_message(self, *_: Any) -> None:
            """Nothing is printed: pytest shows what matters."""

    return Handler
