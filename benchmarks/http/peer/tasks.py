"""Tasks over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID  # noqa: TC003  # FastAPI reads the annotations

from fastapi import APIRouter, Request
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import selectinload

from benchmarks.http.peer.callers import Caller, permit
from benchmarks.http.peer.models import TOGGLED, Task
from benchmarks.http.peer.schemas import TaskOut

router = APIRouter(prefix="/api/me/tasks")

Writer = Annotated[Caller, permit("workspace:tasks:write", writes=True)]

_toggled = (
    update(Task)
    .where(
        Task.id == bindparam("my_id"),
        Task.workspace_id == bindparam("my_workspace_id"),
        Task.user_id == bindparam("my_user_id"),
    )
    .values(TOGGLED)
    .returning(Task)
)
_TOGGLE = select(Task).from_statement(_toggled).options(selectinload(Task.tags))


@router.patch("/{task_id}/complete", response_model=TaskOut)
async def toggle(task_id: UUID, caller: Writer, request: Request) -> Any:
    mine = {"id": task_id, "workspace_id": caller.workspace_id, "user_id": caller.user_id}
    async with caller.writing(request) as session:
        return (
            await session.scalars(_TOGGLE, {f"my_{name}": value for name, value in mine.items()})
        ).one()
