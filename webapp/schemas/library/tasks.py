"""Tasks."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, missing, validate, validates_schema

from webapp.rules.recurrence import mistake_in
from webapp.schemas.common import PageArguments, ShortList, moment, page_of, tag, text

STATUSES: Final = ("all", "pending", "completed")
SORTS: Final = ("created", "title", "updated", "due", "priority")
DIRECTIONS: Final = ("asc", "desc")

_MOST_TAGS: Final = 20
_MOST_AT_ONCE: Final = 500


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
    """A rule with or without its property name."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return str(super()._deserialize(value, *args, **kwargs)).removeprefix("RRULE:")


def _rule(value: str) -> None:
    said = mistake_in(value)
    if said is not None:
        raise ValidationError(said)


class NewTask(Schema):
    """A new task."""

    title = text(1, 200, required=True, metadata={"example": "Order the oak posts"})
    description = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=1000)
    )
    due_at = moment(load_default=None, allow_none=True)
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
        validate=[validate.Length(max=200), _rule],
        metadata={
            "description": "An RRULE of RFC 5545: FREQ, INTERVAL, BYDAY, BYMONTHDAY, UNTIL. "
            "Completing the task creates the next one. Requires `due_at`.",
            "example": "FREQ=WEEKLY;BYDAY=MO",
        },
    )
    item_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "What it is about."}
    )
    document_id = fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "What it is about."}
    )

    @validates_schema
    def recurs_from_a_due_time(self, task: dict[str, Any], **_: Any) -> None:
        if task.get("recurrence") is not None and task.get("due_at") is None:
            raise ValidationError("A recurring task needs a due time.", "due_at")


class TaskChange(NewTask):
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
