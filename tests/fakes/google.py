"""Google Drive on loopback, as far as its behaviour is documented."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.fakes.drive import FakeDrive, Handler, Node, as_text


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
