"""Logs of web and workers alike: one line an event on stdout, JSON for machines; in development,
text for people.

What is bound with `structlog.contextvars` (the request's id, the work in hand) is in every line,
those of libraries included.
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

# Libraries that tell at INFO what we tell ourselves.
_TALKATIVE = ("httpx2", "httpcore2", "yoyo", "trafilatura", "htmldate", "py3langid")


_writing = threading.Lock()


class Lines:
    """A logger that writes each line to stdout itself: of a quick request the standard library's
    logging, which libraries use, was a seventh."""

    def __init__(self, name: str = "coffer") -> None:
        self.name = name  # read by structlog

    def info(self, line: str) -> None:
        # What cannot be written, because the disk is full or there is no stdout, fails no request.
        # The lock keeps lines whole where Python does not buffer them.
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
    # What no line of ours tells is not to be found out for each of them.
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


# What this thread works on, as an object with `log_fields()`. Its fields are made only when there
# is a line to log, because most work has none.
work_in_hand: ContextVar[Any] = ContextVar("work_in_hand", default=None)


def tell_work(_: Any, __: str, event: EventDict) -> EventDict:
    """In place of the `work` that a line is about, or that is in hand, what is to be told of it."""
    work = event.pop("work", None) or work_in_hand.get()
    return event if work is None else event | work.log_fields()


def about(error: BaseException) -> dict[str, Any]:
    """What a log line tells of an error nobody expected: all of it, but of the database's errors
    not the detail, which quotes the row with whatever the user wrote in it."""
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
        # Without the values of local variables: they are what users wrote.
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(serializer=_json),
    ]


def _json(event: Any, **_: Any) -> str:
    # Imported here, like everything heavy, and forgiving: a log line must never fail on its values.
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
