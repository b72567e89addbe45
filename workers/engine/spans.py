"""A span around each piece of work, which continues the trace of the request that caused it.

It starts where the work is done, in the hands' threads; for work in a child process, in the parent.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from webapp.telemetry import tracing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span

    from workers.engine.job import Job, Outcome, Task

    Work = Callable[[Any], Any]


def around(do: Callable[[Work, Task], Outcome]) -> Callable[[Work, Task], Outcome]:
    """The same with a span around each row's work, if traces are on."""
    if not tracing.is_on():
        return do

    def traced(work: Work, task: Task) -> Outcome:
        with _span(task.job) as span:
            outcome = do(work, task)
            if outcome.error is not None:
                tracing.record(span, outcome.error)
        return outcome

    return traced


def around_all(
    do: Callable[[Work, Sequence[Task]], list[Outcome]],
) -> Callable[[Work, Sequence[Task]], list[Outcome]]:
    """The same for rows that are processed together: each has a span in its own trace, so log lines
    can name none of them."""
    if not tracing.is_on():
        return do

    def traced(work: Work, tasks: Sequence[Task]) -> list[Outcome]:
        with ExitStack() as all_open:
            spans = {
                task.job.claim: all_open.enter_context(_span(task.job, active=False))
                for task in tasks
            }
            outcomes = do(work, tasks)
            for outcome in outcomes:
                if outcome.error is not None:
                    tracing.record(spans[outcome.job.claim], outcome.error)
        return outcomes

    return traced


def _span(job: Job, *, active: bool = True) -> AbstractContextManager[Span]:
    from opentelemetry.trace import SpanKind

    return tracing.span(
        f"work {job.kind}",
        kind=SpanKind.CONSUMER,
        parent=job.traceparent,
        attributes={
            "coffer.kind": job.kind,
            "coffer.attempt": job.attempts,
            "coffer.subject_id": str(job.subject_id),
            "coffer.request_id": job.request_id or "",
        },
        active=active,
    )
