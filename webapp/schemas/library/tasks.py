"""Tasks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, missing, validate, validates_schema

from webapp.rules.due import is_time_zone, mistakes_in
from webapp.rules.recurrence import LAST_DAY, mistake_in, plain
from webapp.schemas.common import PageArguments, ShortList, moment, page_of, tag, text

STATUSES: Final = ("all", "pending", "completed")
SORTS: Final = ("created", "title", "updated", "due", "priority")
DIRECTIONS: Final = ("asc", "desc")

_MOST_TAGS: Final = 20
_MOST_AT_ONCE: Final = 500

_FIRST_DAY: Final = date(1970, 1, 1)
_LAST_MOMENT: Final = datetime.combine(LAST_DAY, time.min, UTC)


class TaskArguments(PageArguments):
    """Which tasks, in which order."""

    status = fields.String(load_default="all", validate=validate.OneOf(STATUSES))
    sort = fields.String(
        load_default="created",
        validate=validate.OneOf(SORTS),
        metadata={"description": "Tasks without a due time come last by `due` and `asc`."},
    )
    direction = fields.String(load_default="desc", validate=validate.OneOf(DIRECTIONS))
    item_id = fields.UUID(
        load_default=None, allow_none=False, metadata={"description": "Those about an item."}
    )
    document_id = fields.UUID(
        load_default=None, allow_none=False, metadata={"description": "Those about a document."}
    )


class Rule(fields.String):
    """A rule as calendars write it, in its plain form."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return plain(str(super()._deserialize(value, *args, **kwargs)))


def _rule(value: str) -> None:
    said = mistake_in(value)
    if said is not None:
        raise ValidationError(said)


def _time_zone(value: str) -> None:
    if not is_time_zone(value):
        raise ValidationError("Not the name of a time zone, such as Europe/Berlin.")


class TaskFields(Schema):
    """What a task says."""

    title = text(1, 200, required=True, metadata={"example": "Order the oak posts"})
    description = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=1000)
    )
    due_at = moment(last=_LAST_MOMENT, load_default=None, allow_none=True)
    due_on = fields.Date(
        load_default=None,
        allow_none=True,
        validate=validate.Range(_FIRST_DAY, LAST_DAY),
        metadata={"description": "The day, for a task without a time: in place of `due_at`."},
    )
    time_zone = fields.String(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(1, 64), _time_zone],
        metadata={
            "description": "An IANA name. A recurring task keeps its time of day there. Null: UTC.",
            "example": "Europe/Berlin",
        },
    )
    priority = fields.Integer(
        load_default=0,
        strict=True,
        validate=validate.Range(0, 3),
        metadata={"description": "0 none, 1 low, 2 medium, 3 high."},
    )
    tags = ShortList(tag(), most=_MOST_TAGS, load_default=list)
    recurrence = Rule(
        load_default=None,
        allow_none=True,
        validate=_rule,
        metadata={
            "description": "An RRULE of RFC 5545, by days. Completing the task creates the next "
            "one. Requires `due_at` or `due_on`.",
            "example": "FREQ=WEEKLY;BYDAY=MO",
        },
    )
    remind_at = moment(
        last=_LAST_MOMENT,
        load_default=None,
        allow_none=True,
        metadata={"description": "When to remind of it, by `task.reminded` and by mail."},
    )
    remind_minutes_before = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 28 * 24 * 60),
        metadata={
            "description": "In place of `remind_at`: before it is due, or before that day begins."
        },
    )
    item_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "What it is about."}
    )
    document_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "What it is about."}
    )

    @validates_schema
    def reminds_in_one_way(self, task: dict[str, Any], **_: Any) -> None:
        if task.get("remind_at") is not None and task.get("remind_minutes_before") is not None:
            raise ValidationError("Give remind_at or remind_minutes_before, not both.", "remind_at")


class NewTask(TaskFields):
    """A new task."""

    @validates_schema
    def has_times_that_go_together(self, task: dict[str, Any], **_: Any) -> None:
        if mistakes := mistakes_in(task):
            raise ValidationError({field: [said] for field, said in mistakes.items()})


class TaskChange(TaskFields):
    """A task's new values. Omitted fields stay; the title is required."""

    def __init__(self, **kwargs: Any) -> None:
        # Omitted is not null: no default replaces it.
        super().__init__(partial=tuple(self._declared_fields.keys() - {"title"}), **kwargs)
        for each in self.fields.values():
            each.load_default = missing  # and none is described


class Task(Schema):
    """A task."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    completed = fields.Boolean(required=True)
    due_at = fields.DateTime(required=True, allow_none=True)
    priority = fields.Integer(required=True)
    recurrence = fields.String(required=True, allow_none=True)
    item_id = fields.UUID(required=True, allow_none=True)
    tags = fields.List(fields.String(), required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    completed_at = fields.DateTime(required=True, allow_none=True)
    document_id = fields.UUID(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    recurs_from = fields.NaiveDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When its rule began, in its time zone, if that was before it."},
    )
    follows_id = fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The task whose completion made it, until it is changed."},
    )

    remind_at = fields.DateTime(required=True, allow_none=True)
    remind_minutes_before = fields.Integer(required=True, allow_none=True)
    reminded_at = fields.DateTime(required=True, allow_none=True)


TaskPage = page_of(Task)


class TaskIds(Schema):
    """Several tasks."""

    ids = ShortList(fields.UUID(), most=_MOST_AT_ONCE, required=True, metadata={"minItems": 1})


class Completed(Schema):
    """The result for one of several tasks."""

    id = fields.UUID(required=True)
    result = fields.String(
        required=True, validate=validate.OneOf(["completed", "already_completed", "not_found"])
    )


class CompletedTasks(Schema):
    """The result for each, in the given order."""

    items = fields.List(fields.Nested(Completed), required=True)
