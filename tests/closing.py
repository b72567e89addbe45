"""A client whose answers are closed when the test ends, as a server closes each.

An answer may be a file. One that no test closes is closed whenever Python collects it, and then its
warning fails another test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

_answers: list[TestResponse] = []


class ClosingClient(FlaskClient):
    """Remembers what it got."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        _answers.append(answer)
        return answer


def close_answers() -> None:
    """Close whatever clients have got since the last time."""
    while _answers:
        _answers.pop().close()
