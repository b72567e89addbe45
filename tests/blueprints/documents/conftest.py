"""Files to upload, made here."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest


def pdf(word: str = "x") -> bytes:
    """Bytes that are detected as a PDF; nothing reads them here."""
    return b"%PDF-1.7\n" + word.encode() + b"\n%%EOF\n"


@pytest.fixture
def upload() -> Callable[..., Any]:
    """Uploads a file with a form."""

    def send(client: Any, content: bytes = pdf(), name: str = "letter.pdf", **fields: Any) -> Any:
        headers = fields.pop("headers", None)
        path = fields.pop("path", "/api/documents/upload")
        form = {"file": (io.BytesIO(content), name), **fields}
        return client.post(path, data=form, headers=headers, content_type="multipart/form-data")

    return send
