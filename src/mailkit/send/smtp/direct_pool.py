"""The connections that are kept for one destination. I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import attrs

from mailkit.envelope import Envelope
from mailkit.send.smtp.mx import Failure
from mailkit.send.smtp.session import Session, StaleSession
from mailkit.send.transport import Accepted, Commit, Delivery, Lost, Refused

__all__ = ["Pool"]


@attrs.define(eq=False, kw_only=True)
class Pool:
    """Kept connections to one destination."""

    connect: Callable[[], Awaitable[Session | Failure]]
    connections: int
    messages_per_connection: int
    users: int = attrs.field(init=False, default=0)
    idle: list[Session] = attrs.field(init=False, factory=list)
    _room: asyncio.Semaphore = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._room = asyncio.Semaphore(self.connections)

    async def deliver(self, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
        """Send a finished body on a kept connection, or on a new one."""
        self.users += 1
        try:
            async with self._room:
                while True:
                    session = await self._session()
                    if isinstance(session, Refused | Lost):
                        return session
                    try:
                        return await self._transact(session, envelope, body, commit)
                    except StaleSession:
                        continue
        finally:
            self.users -= 1

    async def close(self) -> None:
        """Say goodbye on idle connections."""
        idle, self.idle = self.idle, []
        await asyncio.gather(*(session.quit() for session in idle if session.is_open))

    async def _transact(self, session: Session, envelope: Envelope, body: bytes, commit: Commit) -> Delivery:
        try:
            delivery = await session.transact(envelope, body, commit)
            if isinstance(delivery, Accepted | Refused):
                delivery = attrs.evolve(delivery, server=session._account.server)
        except BaseException:  # also a cancellation: nobody knows what the server waits for now
            session.close()
            raise
        if session.is_open and session.transactions < self.messages_per_connection:
            self.idle.append(session)
        elif session.is_open:
            await session.quit()
        return delivery

    async def _session(self) -> Session | Failure:
        while self.idle:
            session = self.idle.pop()
            if session.is_open:
                return session
        return await self.connect()
