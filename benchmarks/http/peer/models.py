"""The tables of Coffer's migrations, mapped."""

from __future__ import annotations

from datetime import datetime  # SQLAlchemy reads the annotations
from typing import Any
from uuid import UUID  # noqa: TC003

from sqlalchemy import (
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    case,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    mapped_column,
    relationship,
)


class Base(DeclarativeBase):
    """The base of all models. What the database fills in is returned by the writing statement."""

    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's way
        str: Text,
        datetime: DateTime(timezone=True),
        bytes: LargeBinary,
        list[str]: ARRAY(Text),
        dict[str, Any]: JSONB,
    }


class User(Base):
    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    disabled_at: Mapped[datetime | None]
    is_admin: Mapped[bool]


class Member(Base):
    __tablename__ = "members"

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]


class RolePermission(Base):
    __tablename__ = "role_permissions"

    role: Mapped[str] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(primary_key=True)


class ApiKey(Base):
    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    workspace_id: Mapped[UUID]
    secret_hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    __tablename__ = "idempotency_keys"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int | None]
    location: Mapped[str | None]
    body: Mapped[bytes | None]
    expires_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class Outbox(Base):
    __tablename__ = "outbox"

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    progress: Mapped[dict[str, Any] | None]


class Tag(Base):
    __tablename__ = "tags"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    workspace_id: Mapped[UUID]
    name: Mapped[str]


item_tags = Table(
    "item_tags",
    Base.metadata,
    Column("item_id", ForeignKey("items.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)
task_tags = Table(
    "task_tags",
    Base.metadata,
    Column("task_id", ForeignKey("tasks.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Suggestion(Base):
    __tablename__ = "suggestions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    name: Mapped[str] = mapped_column("value")
    confidence: Mapped[float] = mapped_column(REAL)
    status: Mapped[str]


class Item(Base):
    __tablename__ = "items"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    workspace_id: Mapped[UUID]
    created_by: Mapped[UUID]
    source_type: Mapped[str]
    source_url: Mapped[str | None]
    page_hash: Mapped[bytes | None]
    raw_text: Mapped[str | None]
    status: Mapped[str]
    title: Mapped[str | None]
    summary: Mapped[str | None]
    language: Mapped[str | None]
    author: Mapped[str | None]
    published_at: Mapped[datetime | None]
    content: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    confirmed_at: Mapped[datetime | None]
    document_id: Mapped[UUID | None]

    # Nothing is loaded implicitly: each query says what it needs.
    tags: Mapped[list[Tag]] = relationship(
        secondary=item_tags, order_by=func.fold(Tag.name), lazy="raise"
    )
    suggestions: Mapped[list[Suggestion]] = relationship(
        order_by=(Suggestion.confidence.desc(), Suggestion.name), lazy="raise"
    )


Item.progress = column_property(
    select(Outbox.progress)
    .where(Outbox.kind == "enrich_items", Outbox.subject_id == Item.id)
    .correlate_except(Outbox)
    .scalar_subquery(),
    deferred=True,
)


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    workspace_id: Mapped[UUID]
    user_id: Mapped[UUID]
    status: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    due_at: Mapped[datetime | None]
    priority: Mapped[int]
    recurrence: Mapped[str | None]
    item_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]

    tags: Mapped[list[Tag]] = relationship(
        secondary=task_tags, order_by=func.fold(Tag.name), lazy="raise"
    )

    @property
    def completed(self) -> bool:
        return self.status == "completed"


# What toggling sets the status and the time of completion to.
TOGGLED = {
    "status": case((Task.status == "pending", "completed"), else_="pending"),
    "completed_at": case((Task.status == "pending", func.now())),
    "updated_at": func.now(),
}
