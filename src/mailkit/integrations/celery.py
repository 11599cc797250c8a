"""Celery wakes senders; it carries no letters.

A queue that hands a task out again after a crash or a time-out duplicates mail if each letter is
a task. So there is one task only, "send what is due", and it does not matter how often it is
handed out: which letters are sent, and that each is sent once, is for the outbox's leases to say.

>>> from celery import Celery
>>> from mailkit import send
>>> from mailkit.testing.transport import MemoryTransport
>>> app = Celery("shop", broker="memory://")
>>> app.conf.task_always_eager = True                   # run tasks at once, as in tests
>>> outbox = send.MemoryOutbox()
>>> wake = drain_task(app, lambda: send.Sender(transport=MemoryTransport(), outbox=outbox))
>>> wake.name, wake.delay().get()
('mailkit.drain', {})
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from mailkit.send import Sender

__all__ = ["drain_task"]


def drain_task(
    app: Any, make_sender: Callable[[], AbstractContextManager[Sender]], *, name: str = "mailkit.drain", **options: Any
) -> Any:
    """A Celery task that sends what is due in an outbox, and comes back when nothing is.

    Call its `delay()` after jobs were added, and from Celery's beat every minute, for retries and
    for jobs that are due later. Any number may run at once. It is acknowledged when it begins and
    never retried by Celery; what a killed worker held is due again once its lease has run out.

    Args:
        app: The Celery application.
        make_sender: Gives a sender, as a context manager so that its store is closed. It is called
            within the task: connections to databases do not survive the fork of a worker.
        name: The task's name.
        options: What else Celery's `app.task` takes, such as `queue`.

    Returns:
        The task. Its result is how many letters ended in each state, such as `{"accepted": 17}`.

    Raises:
        InvalidValue: `make_sender` is not a function.
    """
    if not callable(make_sender):
        raise InvalidValue("make_sender", make_sender, "is not a function", "give a function that makes a Sender")

    def drain() -> dict[str, int]:
        with make_sender() as sender:
            summary = sender.run_sync(until="idle")
        return {state.value: count for state, count in summary.outcomes.items() if count}

    settings = {"acks_late": False, "max_retries": 0, "ignore_result": False} | options
    return app.task(name=name, **settings)(drain)
