"""Sessions: one kind for reading, one for writing."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# As many connections for a process as Coffer's has.
_CONNECTIONS = 17

_engine = create_async_engine(
    os.environ["BENCH_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
    pool_size=_CONNECTIONS,
    max_overflow=0,
    connect_args={"options": "-c timezone=UTC"},
)

# A statement that reads needs no transaction around it, which would be two round trips more.
reading = async_sessionmaker(
    _engine.execution_options(isolation_level="AUTOCOMMIT"), autoflush=False
)
_writing = async_sessionmaker(_engine, autoflush=False, expire_on_commit=False)


@asynccontextmanager
async def writing(actor: str, request_id: str) -> AsyncIterator[AsyncSession]:
    """A transaction in somebody's name, for the events that the triggers record."""
    async with _writing.begin() as session:
        await session.execute(
            select(
                func.set_config("coffer.actor", actor, True),
                func.set_config("coffer.request_id", request_id, True),
                func.set_config("coffer.traceparent", "", True),
            )
        )
        yield session
