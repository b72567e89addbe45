"""Items over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import func, inspect, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload, load_only, undefer
from sqlalchemy.orm.attributes import set_committed_value

from benchmarks.http.peer.callers import Caller, permit
from benchmarks.http.peer.database import reading
from benchmarks.http.peer.errors import Problem
from benchmarks.http.peer.idempotency import answer_once
from benchmarks.http.peer.models import LOOKED_UP, Item, Tag
from benchmarks.http.peer.schemas import ItemInList, ItemOut, LibraryPage, NewItem

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

router = APIRouter(prefix="/api")

Reader = Annotated[Caller, permit("workspace:items:read", writes=False)]
Writer = Annotated[Caller, permit("workspace:items:write", writes=True)]

_IN_LIST = [
    getattr(Item, name) for name in ItemInList.model_fields if name in inspect(Item).column_attrs
]
# An item has few tags and suggestions, so one statement with joins takes half as long as a
# statement for each collection (`selectinload`), and in a list four fifths as long.
_WHOLE = (
    joinedload(Item.tags),
    joinedload(Item.suggestions),
    *(undefer(getattr(Item, name)) for name in LOOKED_UP),
)

_OF_NEW = {"annotation_count": 0, "folders": []}


@router.get("/items/{item_id}", response_model=ItemOut)
async def get(item_id: UUID, caller: Reader) -> Any:
    async with reading() as session:
        return (
            (
                await session.scalars(
                    select(Item)
                    .where(Item.id == item_id, Item.workspace_id == caller.workspace_id)
                    .options(*_WHOLE)
                )
            )
            .unique()
            .one()
        )


@router.get("/library", response_model=LibraryPage)
async def list_library(
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
) -> Any:
    statement = (
        select(Item)
        .where(Item.workspace_id == caller.workspace_id, Item.status == "confirmed")
        .options(load_only(*_IN_LIST), joinedload(Item.tags))
        .order_by(Item.id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        statement = statement.where(Item.id < _read_cursor(cursor))
    if tag is not None:
        statement = statement.where(Item.tags.any(func.fold(Tag.name) == func.fold(tag)))
    async with reading() as session:
        items = (await session.scalars(statement)).unique().all()
    last = items[limit - 1].id if len(items) > limit else None
    return {"items": items[:limit], "next_cursor": last and _cursor(last)}


@router.post("/items", status_code=201, response_model=ItemOut)
async def create(new: NewItem, caller: Writer, request: Request) -> Response:
    async with caller.writing(request) as session:

        async def make() -> Response:
            item = await _create(session, caller, new)
            return Response(
                ItemOut.model_validate(item).model_dump_json(),
                201,
                {"Location": f"/api/items/{item.id}"},
                media_type="application/json",
            )

        return await answer_once(request, session, caller, make)


async def _create(session: AsyncSession, caller: Caller, new: NewItem) -> Item:
    item = Item(
        workspace_id=caller.workspace_id,
        created_by=caller.user_id,
        source_type=new.source_type,
        raw_text=new.raw_text,
        title=new.title,
        status="enriching" if new.enrich else "confirmed",
        tags=await _tags(session, caller.workspace_id, new.tags),
        suggestions=[],
    )
    session.add(item)
    await session.flush()
    for name in LOOKED_UP:
        set_committed_value(item, name, _OF_NEW.get(name))
    return item


async def _tags(session: AsyncSession, workspace_id: UUID, names: list[str]) -> list[Tag]:
    """Tags by name; those that do not exist yet are created."""
    wanted = {name.lower(): name for name in names}
    found = await _find_tags(session, workspace_id, names)
    missing = wanted.keys() - {tag.name.lower() for tag in found}
    if missing:
        await session.execute(
            insert(Tag.__table__)
            .values(
                [{"workspace_id": workspace_id, "name": wanted[key]} for key in sorted(missing)]
            )
            .on_conflict_do_nothing()
        )
        found = await _find_tags(session, workspace_id, names)
    return found


async def _find_tags(session: AsyncSession, workspace_id: UUID, names: list[str]) -> list[Tag]:
    if not names:
        return []
    folded = [func.fold(name) for name in names]
    rows = await session.scalars(
        select(Tag)
        .where(Tag.workspace_id == workspace_id, func.fold(Tag.name).in_(folded))
        .order_by(func.fold(Tag.name))
    )
    return list(rows)


def _cursor(last: UUID) -> str:
    return base64.urlsafe_b64encode(str(last).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> UUID:
    try:
        return UUID(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except ValueError:
        raise Problem(400, "invalid_cursor", "The cursor is not one of ours.") from None
