"""The tables of Coffer's migrations, mapped."""

from __future__ import annotations

from datetime import date, datetime  # SQLAlchemy reads the annotations
from typing import Any
from uuid import UUID  # noqa: TC003

from sqlalchemy import (
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    LargeBinary,
    Select,
    Table,
    Text,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, REAL
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedColumn,
    aliased,
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
    last_error: Mapped[str | None]
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
    own_error: Mapped[str | None] = mapped_column("error")
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    confirmed_at: Mapped[datetime | None]
    document_id: Mapped[UUID | None]
    same_page_id: Mapped[UUID | None] = mapped_column("same_page_as")
    is_read: Mapped[bool] = mapped_column(server_default=FetchedValue())
    is_favourite: Mapped[bool] = mapped_column(server_default=FetchedValue())
    written_fields: Mapped[list[str]] = mapped_column(server_default=FetchedValue())

    # Nothing is loaded implicitly: each query says what it needs.
    tags: Mapped[list[Tag]] = relationship(
        secondary=item_tags, order_by=func.sort_key(Tag.name).collate("C"), lazy="raise"
    )
    suggestions: Mapped[list[Suggestion]] = relationship(
        order_by=(Suggestion.confidence.desc(), Suggestion.name), lazy="raise"
    )


class ItemAddress(Base):
    __tablename__ = "item_addresses"

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    found_by: Mapped[str]


class FolderItem(Base):
    __tablename__ = "folder_items"

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    folder_id: Mapped[UUID] = mapped_column(primary_key=True)


class Annotation(Base):
    __tablename__ = "annotations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID]
    item_id: Mapped[UUID]


def _of_item(asked: Select[Any], table: type[Base]) -> MappedColumn[Any]:
    return column_property(asked.correlate_except(table).scalar_subquery(), deferred=True)


def _of_enrichment(column: Any) -> Select[Any]:
    return select(column).where(Outbox.kind == "enrich_items", Outbox.subject_id == Item.id)


_older = aliased(Item)

Item.progress = _of_item(_of_enrichment(Outbox.progress), Outbox)
_attempt = _of_enrichment(Outbox.last_error).correlate_except(Outbox).scalar_subquery()
Item.error = column_property(
    case(
        (Item.status == "enriching", _attempt),
        (Item.status == "confirmed", func.coalesce(_attempt, Item.own_error)),
        else_=Item.own_error,
    ),
    deferred=True,
)
Item.same_page_as = _of_item(
    select(_older.id).where(_older.id == Item.same_page_id, _older.status != "discarded"), _older
)
Item.page_url = _of_item(
    select(ItemAddress.url)
    .where(ItemAddress.item_id == Item.id)
    .order_by(ItemAddress.found_by)
    .limit(1),
    ItemAddress,
)
Item.annotation_count = _of_item(
    select(func.count()).where(
        Annotation.workspace_id == Item.workspace_id, Annotation.item_id == Item.id
    ),
    Annotation,
)
# By the function that Coffer has for it, and as rarely.
Item.folders = column_property(
    case(
        (
            select(FolderItem).where(FolderItem.item_id == Item.id).exists(),
            func.folders_of_item(Item.id, type_=JSONB),
        ),
        else_=literal([], JSONB),
    ),
    deferred=True,
)
# What is looked up for an item besides its own columns.
LOOKED_UP = ("error", "same_page_as", "annotation_count", "folders", "progress", "page_url")


class Task(Base):
    __tablename__ = "tasks"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    workspace_id: Mapped[UUID]
    user_id: Mapped[UUID]
    status: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    due_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    time_zone: Mapped[str | None]
    priority: Mapped[int]
    recurrence: Mapped[str | None]
    recurs_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    follows_id: Mapped[UUID | None]
    remind_at: Mapped[datetime | None]
    remind_minutes_before: Mapped[int | None]
    reminded_at: Mapped[datetime | None]
    item_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]

    tags: Mapped[list[Tag]] = relationship(
        secondary=task_tags, order_by=func.sort_key(Tag.name).collate("C"), lazy="raise"
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
