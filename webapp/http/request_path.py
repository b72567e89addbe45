"""The path of a request, as logs and traces may show it."""

from __future__ import annotations

import re
from typing import Final

from flask import request

# As long as the secrets of public links, and longer than an id; wherever in a path somebody put it.
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43,}")


def without_secrets() -> str:
    """The path of the current request, without anything that may be the secret of a public link."""
    return _SECRET.sub("…", request.path)
