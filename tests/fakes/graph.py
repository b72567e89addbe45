"""OneDrive, by Microsoft Graph, on loopback, as far as its behaviour is documented."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from tests.fakes.drive import FakeDrive, Handler, Node, as_text


class FakeGraph(FakeDrive):
    """A user's drive in Microsoft Graph."""

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
