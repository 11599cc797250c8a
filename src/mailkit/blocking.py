"""The one way from synchronous code into coroutines.

`asyncio.run` refuses to work where a loop is running already: in a notebook, or in a
function called from a coroutine. There the coroutine gets a thread and a loop of its own,
and the caller waits for it, as a synchronous call promises.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Call `make`, wait for the coroutine that it gives, and return its result.

    Works in a plain script, in a thread, inside a running event loop and in a notebook.
    uvloop is used if it is installed (extra "fast").

    >>> async def answer():
    ...     return 42
    >>> run(answer)
    42
    """
    return _run_in_thread(make) if _a_loop_is_running() else _run_here(make)


def _a_loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_here(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(make())


def _run_in_thread(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    result: concurrent.futures.Future[T] = concurrent.futures.Future()
    started: concurrent.futures.Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = concurrent.futures.Future()

    async def announce() -> T:
        task = asyncio.ensure_future(make())
        started.set_result((asyncio.get_running_loop(), task))
        return await task

    def in_thread() -> None:
        try:
            result.set_result(_run_here(announce))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who waits for it
            result.set_exception(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(in_thread,), name="mailkit-blocking", daemon=True)
    try:
        thread.start()
        return result.result()
    except KeyboardInterrupt:  # "interrupt" in a notebook: end the work, not only the waiting
        loop, task = started.result()
        loop.call_soon_threadsafe(task.cancel)
        raise
    finally:
        if thread.ident is not None:
            thread.join()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
