"""What goes in and out."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003  # pydantic reads the annotations
from operator import attrgetter
from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

# A tag is represented by its name.
TagName = Annotated[str, BeforeValidator(attrgetter("name"))]
NewTag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SuggestionOut(Out):
    id: UUID
    name: str
    confidence: float
    status: str


class FolderOut(BaseModel):
    id: UUID
    path: list[str]


class ItemInList(Out):
    id: UUID
    source_type: str
    source_url: str | None
    status: str
    title: str | None
    summary: str | None
    language: str | None
    error: str | None
    tags: list[TagName]
    created_at: datetime
    updated_at: datetime
    confirmed_at: datetime | None
    document_id: UUID | None
    is_read: bool
    is_favourite: bool
    annotation_count: int
    same_page_as: UUID | None
    folders: list[FolderOut]


class ItemOut(ItemInList):
    raw_text: str | None
    author: str | None
    published_at: datetime | None
    content: str | None
    written_fields: list[str]
    page_url: str | None
    suggestions: list[SuggestionOut]
    progress: dict[str, Any] | None


class LibraryPage(Out):
    items: list[ItemInList]
    next_cursor: str | None


class NewItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source_type: Literal["note", "article"]
    raw_text: Annotated[str, StringConstraints(min_length=1, max_length=10_000)] | None = None
    title: Title | None = None
    tags: Annotated[list[NewTag], Field(max_length=20)] = []
    enrich: bool = True


class TaskOut(Out):
    id: UUID
    user_id: UUID
    title: str
    description: str | None
    completed: bool
    due_at: datetime | None
    due_on: date | None
    time_zone: str | None
    priority: int
    recurrence: str | None
    recurs_from: datetime | None
    follows_id: UUID | None
    remind_at: datetime | None
    remind_minutes_before: int | None
    reminded_at: datetime | None
    item_id: UUID | None
    document_id: UUID | None
    tags: list[TagName]
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None
