"""Replicate on loopback, as far as Coffer uses it: predictions, their files, reports."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from tests.fakes.vendor import Seen, Vendor
from webapp.clients.webhooks.signature import signature

TOKEN = "r8_a-token-of-tests"


def png(colour: Any = (200, 90, 40), size: tuple[int, int] = (64, 64), form: str = "png") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


class FakeReplicate(Vendor):
    """`predictions` is everything that was paid for, oldest first.

    Each takes `seconds`, and then ends as `ends_next` says, or well. What is there is sent as the
    file `picture`, or, if that is None, as one of a colour of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.predictions: dict[str, dict[str, Any]] = {}
        self.ends_next: list[dict[str, Any]] = []
        self.picture: bytes | None = None
        self.seconds = 0.0
        self.waits = True
        self.page = 100
        self.secret: str | None = None
        self.refuses_after: int | None = None

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def answer(self, asked: Seen) -> tuple[int, Any, dict[str, str]]:
        if asked.path.startswith("/files/"):
            return self._file(asked.path.removeprefix("/files/"))
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"title": "Unauthenticated", "detail": "You did not pass a token."}, {}
        path = asked.path.removeprefix("/v1/")
        if asked.method == "POST" and path.endswith("predictions"):
            return self._create(asked)
        if path == "predictions":
            return self._list(asked)
        found = self.predictions.get(path.removeprefix("predictions/"))
        if found is None:
            return 404, {"detail": "The requested resource could not be found."}, {}
        self._go_on(found)
        return 200, self._shown(found), {}

    def _create(self, asked: Seen) -> tuple[int, Any, dict[str, str]]:
        said = asked.json
        with self.lock:
            name = f"p{len(self.predictions):07d}"
            made = {
                "id": name,
                "status": "starting",
                "input": said["input"],
                "output": None,
                "error": None,
                "created_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
                "webhook": said.get("webhook"),
                "ready_at": time.monotonic() + self.seconds,
                "end": self.ends_next.pop(0) if self.ends_next else {},
            }
            self.predictions[name] = made
        self._report(made)
        if self.waits:
            time.sleep(self.seconds)
            self._go_on(made)
        elif self.secret and made["webhook"]:
            threading.Timer(self.seconds, self._go_on, [made]).start()
        return 201, self._shown(made), {}

    def _go_on(self, made: dict[str, Any]) -> None:
        """End what has taken long enough."""
        with self.lock:
            if made["status"] not in ("starting", "processing"):
                return
            if time.monotonic() < made["ready_at"]:
                made["status"] = "processing"
                return
            made["status"] = "succeeded"
            made["output"] = [f"{self.url}/files/{made['id']}.png"]
            made.update(made["end"])
        self._report(made)

    def _report(self, made: dict[str, Any]) -> None:
        if not (self.secret and made["webhook"]):
            return
        body = json.dumps(self._shown(made)).encode()
        timestamp = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": f"msg_{made['id']}",
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self.secret, f"msg_{made['id']}", timestamp, body),
        }
        request = urllib.request.Request(made["webhook"], body, headers)
        with suppress(OSError):
            urllib.request.urlopen(request, timeout=5).close()

    def _list(self, asked: Seen) -> tuple[int, Any, dict[str, str]]:
        start = int(asked.query.removeprefix("cursor=") or 0)
        newest_first = list(reversed(self.predictions.values()))
        page = newest_first[start : start + self.page]
        more = start + self.page < len(newest_first)
        following = f"{self.base}/predictions?cursor={start + self.page}" if more else None
        shown = [self._shown(each) for each in page]
        return 200, {"previous": None, "next": following, "results": shown}, {}

    def _file(self, name: str) -> tuple[int, Any, dict[str, str]]:
        if name.removesuffix(".png") not in self.predictions:
            return 404, b"", {}
        colour = tuple(100 + byte // 2 for byte in hashlib.sha256(name.encode()).digest()[:3])
        return 200, self.picture or png(colour), {"Content-Type": "image/png"}

    @staticmethod
    def _shown(made: dict[str, Any]) -> dict[str, Any]:
        hidden = ("ready_at", "end", "webhook")
        return {name: value for name, value in made.items() if name not in hidden}
