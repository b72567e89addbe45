"""Sessions: one kind for reading, one for writing."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncEngine

# As many connections for each process as in Coffer.
_CONNECTIONS = 17


def _engine(**options: Any) -> AsyncEngine:
    return create_async_engine(
        os.environ["BENCH_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        connect_args={"options": "-c timezone=UTC"},
        **options,
    )


# A statement that reads needs no transaction, which would take two more round trips. It has a pool
# of its own, so that no connection is switched between the two modes.
reading = async_sessionmaker(
    _engine(isolation_level="AUTOCOMMIT", pool_reset_on_return=None), autoflush=False
)
_writing = async_sessionmaker(_engine(), autoflush=False, expire_on_commit=False)
# The statements of every request are built only once; SQLAlchemy's cache of compiled statements
# does not save that work.
_IDENTIFY = select(
    func.set_config("coffer.actor", bindparam("actor", type_=Text), True),
    func.set_config("coffer.request_id", bindparam("request_id", type_=Text), True),
    func.set_config("coffer.traceparent", "", True),
)


@asynccontextmanager
async def writing(actor: str, request_id: str) -> AsyncIterator[AsyncSession]:
    """A transaction in somebody's name, for the events that the triggers record."""
    async with _writing.begin() as session:
        await session.execute(_IDENTIFY, {"actor": actor, "request_id": request_id})
        yield session
