"""A run that ends in good order on SIGTERM and SIGINT. I/O."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["stopping_on_signals"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stopping_on_signals(stop: Callable[[], None], *, are_handled: bool) -> Iterator[None]:
    """Call `stop` on the first SIGTERM or SIGINT while the block lasts; a second one does what it did before.

    Nothing is changed outside the main thread, or where the event loop cannot handle signals, as on Windows.
    """
    if not are_handled or threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handled: list[signal.Signals] = []

    def restore() -> None:
        while handled:
            number = handled.pop()
            loop.remove_signal_handler(number)
            signal.signal(number, before[number] or signal.SIG_DFL)

    def first() -> None:
        restore()
        stop()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, first)
            handled.append(number)
    except NotImplementedError:
        restore()
    try:
        yield
    finally:
        restore()
