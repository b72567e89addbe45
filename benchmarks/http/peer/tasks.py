"""Tasks over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID  # noqa: TC003  # FastAPI reads the annotations

from fastapi import APIRouter, Request
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from benchmarks.http.peer.callers import Caller, permit
from benchmarks.http.peer.models import TOGGLED, Task
from benchmarks.http.peer.schemas import TaskOut

router = APIRouter(prefix="/api/me/tasks")

Writer = Annotated[Caller, permit("workspace:tasks:write", writes=True)]


@router.patch("/{task_id}/complete", response_model=TaskOut)
async def toggle(task_id: UUID, caller: Writer, request: Request) -> Any:
    toggled = (
        update(Task)
        .where(
            Task.id == task_id,
            Task.workspace_id == caller.workspace_id,
            Task.user_id == caller.user_id,
        )
        .values(TOGGLED)
        .returning(Task)
    )
    async with caller.writing(request) as session:
        return (
            await session.scalars(
                select(Task).from_statement(toggled).options(selectinload(Task.tags))
            )
        ).one()
