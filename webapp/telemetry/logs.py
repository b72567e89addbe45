"""Logs of web and workers: one line per event on stdout, JSON for machines; in development, text
for people.

Values bound with `structlog.contextvars` (the request's id, the current work) are in every line,
including those of libraries.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import traceback
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
import structlog.tracebacks

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from webapp.settings import Settings

# Libraries that log at INFO what we log ourselves.
_TALKATIVE = ("httpx2", "httpcore2", "yoyo", "trafilatura", "htmldate", "py3langid")


_writing = threading.Lock()


class Lines:
    """A logger that writes each line to stdout itself: the standard library's logging, which
    libraries use, took a seventh of a quick request."""

    def __init__(self, name: str = "coffer") -> None:
        self.name = name  # read by structlog

    def info(self, line: str) -> None:
        # A line that cannot be written, because the disk is full or there is no stdout, must not
        # fail a request. The lock keeps lines intact if Python does not buffer them.
        with _writing, contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.buffer.write(line.encode(errors="backslashreplace") + b"\n")
            sys.stdout.buffer.flush()

    debug = warning = error = critical = info


def configure(settings: Settings) -> None:
    """Send every log line of this process to stdout in the environment's form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        tell_work,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    form = _form(for_people=settings.in_development)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *form,
            ],
        )
    )
    # No log line shows thread, process or call site, so do not collect them.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as the manual's "Optimization" has it
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for library in _TALKATIVE:
        logging.getLogger(library).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, *form],
        logger_factory=Lines,
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
    )


# The current work of this thread, an object with `log_fields()`. Its fields are only computed when
# a line is logged, because most work logs none.
work_in_hand: ContextVar[Any] = ContextVar("work_in_hand", default=None)


def tell_work(_: Any, __: str, event: EventDict) -> EventDict:
    """Replaces the `work` that a line is about, or the current work, with its fields."""
    work = event.pop("work", None) or work_in_hand.get()
    return event if work is None else event | work.log_fields()


def about(error: BaseException) -> dict[str, Any]:
    """What a log line says about an unexpected error: everything, except the detail of database
    errors, which quotes the row with the user's data."""
    if not isinstance(error, psycopg.Error):
        return {"exc_info": error}
    return {
        "error": f"{type(error).__name__}: {error.diag.message_primary}",
        "constraint": error.diag.constraint_name,
        "traceback": "".join(traceback.format_tb(error.__traceback__)),
    }


def _form(*, for_people: bool) -> list[Processor]:
    if for_people:
        return [
            structlog.dev.ConsoleRenderer(
                colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [
        # Without the values of local variables: they contain users' data.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(event: Any, **_: Any) -> str:
    # Imported here, like everything heavy, and tolerant: a log line must never fail because of its
    # values.
    import orjson

    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except Exception:  # noqa: BLE001  # half a surrogate pair, too deep, what `__str__` raises
        return json.dumps({str(name): _in_words(value) for name, value in event.items()})


def _in_words(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001
        return f"<{type(value).__name__}>"
