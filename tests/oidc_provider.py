"""A real OpenID provider on loopback: the npm package oidc-provider, in a process of its own.

`make test-all` installs it if npm is there; without it, the tests that need it are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

FOLDER = Path(__file__).parent / "oidc"
CLIENT_ID = "coffer:test client"  # both have to be encoded in an Authorization header
CLIENT_SECRET = "a secret+with/odd%characters:in&it"

# What the provider knows about its users, by login.
ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "ana": {"sub": "1001", "email": "ana@example.com", "email_verified": True, "name": "Ana Lima"},
    "ben": {"sub": "1002", "email": "ben@example.com", "email_verified": False, "name": "Ben"},
    "cleo": {"sub": "1003"},
}


@dataclass(frozen=True, slots=True)
class RunningProvider:
    """The provider's address, our client's credentials there, and a browser to log in with."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: Sequence[str]

    def log_in(self, url: str, account: str) -> str:
        """Open `url` in a fresh browser and log in as `account`.

        Returns the client's address that the browser is finally sent to, without requesting it.
        """
        return self._browse(url, {"login": account})

    def refuse(self, url: str) -> str:
        """The same for somebody who leaves the log-in page with "cancel"."""
        return self._browse(url, {})

    def _browse(self, url: str, form: Mapping[str, str]) -> str:
        with httpx2.Client(trust_env=False, timeout=30) as browser:
            answer = browser.get(url)
            for _ in range(10):
                if not answer.is_redirect:
                    assert answer.status_code == 200, (answer.status_code, answer.text[:1000])
                    assert "/interaction/" in url, f"no log-in page: {answer.text[:1000]}"
                    answer = browser.post(url, data=dict(form))
                    assert answer.is_redirect, (answer.status_code, answer.text[:1000])
                url = urljoin(url, answer.headers["Location"])
                if url.startswith(tuple(self.redirect_uris)):
                    return url
                answer = browser.get(url)
        raise AssertionError("The log-in did not come to an end.")


@contextmanager
def provider(
    redirect_uris: Sequence[str], accounts: Mapping[str, Mapping[str, Any]] = ACCOUNTS
) -> Iterator[RunningProvider]:
    """The provider, with one client that may send browsers to `redirect_uris` and no other address.

    Skips the test if Node.js or the package is missing.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("the OpenID provider needs Node.js, which is not installed")
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("the OpenID provider is not installed: npm ci --prefix tests/oidc")
    settings = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": list(redirect_uris),
        "accounts": accounts,
    }
    with (
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            [node, str(FOLDER / "provider.mjs"), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()  # or "", if the program could not start
            if not line:
                complaints.seek(0)
                pytest.fail(f"The OpenID provider did not start:\n{complaints.read()}")
            issuer = json.loads(line)["issuer"]
            yield RunningProvider(issuer, CLIENT_ID, CLIENT_SECRET, tuple(redirect_uris))
        finally:
            process.kill()
