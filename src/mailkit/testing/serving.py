"""A server for tests as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

__all__ = ["serve_until_told"]


class Serves(Protocol):
    """A server that can serve in the running loop."""

    port: int

    def serve(self, stopping: asyncio.Event, ready: Callable[[], object]) -> Coroutine[Any, Any, None]:
        """Serve until `stopping` is set; `ready` is called once it listens."""
        ...


def serve_until_told(server: Serves) -> None:
    """Serve until the process is interrupted or terminated, and print the port once it listens."""

    async def serve() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await server.serve(stopping, lambda: print(server.port, flush=True))  # noqa: T201 - it is what callers read

    asyncio.run(serve())
