"""Logs, metrics and traces for operators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from webapp.settings.declaration import one_of, setting, web_address
from webapp.settings.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.settings.declaration import Mistake

_SHORTEST_TOKEN: Final = 16


def _token(text: str) -> None:
    if len(text) < _SHORTEST_TOKEN or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError(f"must be {_SHORTEST_TOKEN} or more random characters without spaces")


def _address(text: str) -> None:
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError("must be host:port, such as 127.0.0.1:9100")


def _has_opentelemetry() -> bool:
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even the packages around it
        return False


@dataclass(frozen=True, kw_only=True)
class Observability(Environment):
    """Logs, metrics and traces."""

    log_level: str = setting(
        "INFO",
        check=one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        about="DEBUG, INFO, WARNING or ERROR.",
    )
    metrics_token: str | None = setting(
        None,
        check=_token,
        secret=True,
        about="""
        The token that Prometheus must send to read /metrics of the web, as `Authorization: Bearer
        ...`: 16 or more random characters. Without it, /metrics is open in development and absent
        elsewhere.
        """,
    )
    worker_metrics: str | None = setting(
        None,
        check=_address,
        about="""
        Where a worker serves its metrics, such as 127.0.0.1:9100; by default nowhere. It requires
        no token, so keep it off public addresses. Each worker on a machine needs its own address; a
        worker whose address is taken serves none.
        """,
    )
    otel_endpoint: str | None = setting(
        None,
        check=web_address,
        variable="OTEL_EXPORTER_OTLP_ENDPOINT",
        about="""
        Where to send traces (OTLP over HTTP), such as http://localhost:4318; requires `pip install
        '.[otel]'`. OpenTelemetry's library itself reads its other variables, for headers and
        sampling.
        """,
    )

    @property
    def serves_metrics(self) -> bool:
        """Whether the web counts its requests, because somebody may read `/metrics`."""
        return self.in_development or self.metrics_token is not None

    def mistakes(self) -> Iterator[Mistake]:
        if self.otel_endpoint and not _has_opentelemetry():
            yield (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "requires OpenTelemetry, which is not installed; pip install '.[otel]'",
            )
