"""A request to a log-in provider.

A provider is configured by the operator, but only trusted to say who somebody is: its answers are
bounded in time and size, and anything odd about them is an `OidcError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from webapp.clients.http.client import HttpClient
from webapp.clients.http.contract import CallError, asks_for_later

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from webapp.clients.http.allowance import Allowance
    from webapp.clients.oidc.contract import Provider

_MAX_QUOTE = 200  # characters of what a provider says about an error


class Endpoint:
    """Requests to one provider, with the connections to it. Thread-safe."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._client = HttpClient(headers={"Accept": "application/json"})

    def ask(
        self,
        what: str,
        url: str,
        allowance: Allowance,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        hidden: Collection[str] = (),
    ) -> dict[str, Any]:
        """The JSON object at `url`, which is `what`; by POST if there is a form.

        `hidden` must not be repeated from an error's text. Raises `OidcError`.
        """
        method, body, headers = "GET", None, dict(headers or {})
        if form is not None:
            method, body = "POST", urlencode(form, errors="replace").encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            answer = self._client.call(method, url, allowance, headers=headers, content=body)
        except CallError as error:
            if error.rule == "too_large":
                raise self._provider.invalid(error.what) from None
            raise self._provider.error(error.what, "provider_unavailable") from None
        data = answer.json()
        if asks_for_later(answer.status):
            raise self._provider.error(
                f"has a problem (HTTP {answer.status})", "provider_unavailable"
            )
        if answer.status >= 400:
            reason = _reason(data, hidden)
            raise self._provider.error(
                f"refused (HTTP {answer.status}{reason})", "provider_refused"
            )
        if answer.status != 200:
            raise self._provider.invalid(f"answered HTTP {answer.status} when asked for its {what}")
        if not isinstance(data, dict):
            raise self._provider.invalid(f"did not answer with JSON when asked for its {what}")
        return data

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def printable(text: str) -> str:
    """`text` with everything invisible replaced by spaces, and trimmed."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _reason(data: object, hidden: Collection[str]) -> str:
    """What an error response says about itself, in at most `_MAX_QUOTE` characters."""
    if not isinstance(data, dict):
        return ""
    said = [data.get("error"), data.get("error_description")]
    text = ": ".join(part for part in said if isinstance(part, str))
    for secret in hidden:
        if secret:
            text = text.replace(secret, "…").replace(quote_plus(secret), "…")
    text = printable(text)[:_MAX_QUOTE]
    return f", {text}" if text else ""
