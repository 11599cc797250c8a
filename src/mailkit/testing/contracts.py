"""The contract of a transport, as checks that any implementation can run.

`mailkit.send.Transport` says what its methods do; `check_transport` tries it. A sender that
cannot be killed rests on it: nothing may leave before `commit` has said yes, and what came of
a letter must be told apart from what nobody can know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final

from mailkit.blocking import run
from mailkit.envelope import Envelope
from mailkit.send.returns.reply import Phase
from mailkit.send.transport import Accepted, Delivery, Lost, Refused, Transport, Withdrawn

__all__ = ["check_transport"]

_MOST_AT_ONCE: Final = 40
_TURNS: Final = 20
"""Turns of the event loop in which something forbidden might happen."""


def check_transport(
    make: Callable[[], Transport],
    *,
    arrived: Callable[[], Sequence[bytes]],
    refused: str = "",
    deferred: str = "",
    lost: str = "",
) -> None:
    """Try the whole contract of `mailkit.send.Transport`.

    Args:
        make: Gives a new transport, closed; called once for each check. They may all lead to one server.
        arrived: Gives the letters that have arrived so far, in any order, from whichever transport.
        refused: A recipient whom the other side refuses for good; without one, that is not checked.
        deferred: A recipient whom it refuses for now; likewise.
        lost: A recipient at whose letter it hangs up after the end of the message; likewise.

    Raises:
        AssertionError: The transport breaks its contract; the text says in what.

    >>> from mailkit.testing import MemoryTransport
    >>> transport = MemoryTransport({"ben@example.org": "550 5.1.1 No such user"})
    >>> check_transport(lambda: transport, arrived=lambda: [raw for _, raw in transport.messages],
    ...                 refused="ben@example.org")
    """
    for check in _CHECKS:
        run(partial(check, make(), arrived))
    _is_opened_in_another_loop(make(), arrived)
    for recipient, permanent in ((refused, True), (deferred, False)):
        if recipient:
            run(partial(_refusals_are_told, make(), arrived, recipient, permanent=permanent))
    if lost:
        run(partial(_a_loss_is_told, make(), lost))


def _claim(holds: bool, text: str, *found: object) -> None:
    if not holds:
        seen = f" (found {', '.join(map(repr, found))})" if found else ""
        raise AssertionError(f"the transport breaks its contract: {text}{seen}")


class _Letter:
    """A letter that is known again, and what is asked before it may leave."""

    made = 0

    def __init__(self, answer: bool | Exception = True, *, recipient: str = "anna@example.org") -> None:
        _Letter.made += 1
        self.mark = b"contract-%d-%d." % (id(self), _Letter.made)
        self.envelope = Envelope(sender="Books <shop@example.com>", recipient=recipient)
        head = f"From: Books <shop@example.com>\r\nTo: {recipient}\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        message_id = b"Message-ID: <%bx@example.com>\r\n" % self.mark
        self.raw = head.encode() + message_id + b"Content-Type: text/plain\r\n\r\n" + self.mark + b"\r\n"
        self.asked = 0
        self.early = 0
        self.gate: asyncio.Event | None = None
        self._answer = answer

    def count(self, arrived: Callable[[], Sequence[bytes]]) -> int:
        """How often it has arrived."""
        return sum(self.mark in raw.partition(b"\n\n" if b"\r" not in raw else b"\r\n\r\n")[2] for raw in arrived())

    def deliver(self, transport: Transport, arrived: Callable[[], Sequence[bytes]]) -> Awaitable[Delivery]:
        """Hand it over; while it is asked for, look whether it has left."""

        async def answer() -> bool:
            if self.gate is not None:
                await self.gate.wait()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self.early += self.count(arrived)
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer

        def commit() -> asyncio.Future[bool]:
            self.asked += 1
            return asyncio.ensure_future(answer())

        return transport.deliver(self.envelope, self.raw, commit=commit)


async def _a_letter_arrives_after_it_was_asked_for(transport: Transport, arrived: Any) -> None:
    _claim(isinstance(transport, Transport), "it has capacity, open, close and deliver", transport)
    _claim(isinstance(transport.capacity, int) and transport.capacity >= 1, "capacity is 1 or more", transport.capacity)
    await transport.open()
    letter = _Letter()
    delivery = await letter.deliver(transport, arrived)
    _claim(isinstance(delivery, Accepted), "a letter that nobody refuses is Accepted", delivery)
    _claim(letter.asked == 1, "commit is called once", letter.asked)
    _claim(not letter.early, "nothing arrives before commit has said yes")
    _claim(letter.count(arrived) == 1, "a letter arrives once", letter.count(arrived))
    await transport.close()


async def _no_means_that_nothing_is_sent(transport: Transport, arrived: Any) -> None:
    await transport.open()
    letter = _Letter(answer=False)
    delivery = await letter.deliver(transport, arrived)
    _claim(isinstance(delivery, Withdrawn), "a letter to which commit said no is Withdrawn", delivery)
    _claim(letter.asked == 1, "commit is called once, also if it says no", letter.asked)
    await _still_delivers(transport, arrived, "a letter was withdrawn")
    await transport.close()
    _claim(not letter.count(arrived), "a letter that was withdrawn does not arrive")


async def _an_error_of_commit_is_raised(transport: Transport, arrived: Any) -> None:
    await transport.open()
    error = LookupError("the outbox is away")
    letter = _Letter(answer=error)
    try:
        delivery: object = await letter.deliver(transport, arrived)
    except LookupError as raised:
        delivery = raised
    _claim(delivery is error, "what commit raises is raised", delivery)
    await _still_delivers(transport, arrived, "commit has raised")
    await transport.close()
    _claim(not letter.count(arrived), "a letter for which commit raised does not arrive")


async def _a_cancelled_delivery_sends_nothing(transport: Transport, arrived: Any) -> None:
    await transport.open()
    letter = _Letter()
    letter.gate = asyncio.Event()
    task = asyncio.ensure_future(letter.deliver(transport, arrived))
    while not letter.asked:
        await asyncio.sleep(0.001)
    task.cancel()
    ended = await asyncio.gather(task, return_exceptions=True)
    _claim(isinstance(ended[0], asyncio.CancelledError), "a delivery can be cancelled while it waits", *ended)
    letter.gate.set()
    await _still_delivers(transport, arrived, "a delivery was cancelled")
    await transport.close()
    _claim(not letter.count(arrived), "a letter whose delivery was cancelled before commit answered does not arrive")


async def _many_are_delivered_at_once(transport: Transport, arrived: Any) -> None:
    await transport.open()
    letters = [
        _Letter(recipient=f"n{number}@example.org") for number in range(min(3 * transport.capacity + 1, _MOST_AT_ONCE))
    ]
    deliveries = await asyncio.gather(*(letter.deliver(transport, arrived) for letter in letters))
    _claim(all(isinstance(one, Accepted) for one in deliveries), "more than capacity may be given to it", deliveries)
    _claim(
        all(letter.asked == 1 and not letter.early for letter in letters), "each is asked for once, before it leaves"
    )
    counts = [letter.count(arrived) for letter in letters]
    _claim(counts == [1] * len(letters), "each of many letters arrives once", counts)
    await transport.close()


async def _closing_leaves_alone_what_is_under_way(transport: Transport, arrived: Any) -> None:
    await transport.open()
    await transport.open()  # another sender's
    letters = [_Letter(recipient=f"n{number}@example.org") for number in range(min(transport.capacity, 3))]
    gate = asyncio.Event()
    for letter in letters:
        letter.gate = gate
    tasks = [asyncio.ensure_future(letter.deliver(transport, arrived)) for letter in letters]
    while not all(letter.asked for letter in letters):
        await asyncio.sleep(0.001)
    closing = asyncio.ensure_future(transport.close())
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    gate.set()
    deliveries = await asyncio.gather(*tasks, return_exceptions=True)
    await closing
    _claim(
        all(isinstance(one, Accepted) for one in deliveries), "what is under way at close comes to its end", deliveries
    )
    await transport.close()
    await transport.close()
    counts = [letter.count(arrived) for letter in letters]
    _claim(counts == [1] * len(letters), "what is under way at close arrives once", counts)


def _is_opened_in_another_loop(transport: Transport, arrived: Any) -> None:
    async def once() -> None:
        await transport.open()
        await _still_delivers(transport, arrived, "it was closed and opened again, in another event loop")
        await transport.close()

    for _ in range(2):
        run(once)


async def _refusals_are_told(transport: Transport, arrived: Any, recipient: str, *, permanent: bool) -> None:
    await transport.open()
    letter = _Letter(recipient=recipient)
    delivery = await letter.deliver(transport, arrived)
    _claim(isinstance(delivery, Refused), "a refusal is Refused", delivery)
    if isinstance(delivery, Refused):
        kind = "for good" if permanent else "for now"
        _claim(delivery.reply.is_permanent == permanent, f"a refusal {kind} has such a reply", delivery.reply.line)
    _claim(letter.asked <= 1 and not letter.early, "commit is called once at most where a letter is refused")
    _claim(not letter.count(arrived), "what was refused does not arrive")
    await _still_delivers(transport, arrived, "a letter was refused")
    await transport.close()


async def _a_loss_is_told(transport: Transport, recipient: str) -> None:
    await transport.open()
    letter = _Letter(recipient=recipient)
    delivery = await letter.deliver(transport, list)
    is_unknown = isinstance(delivery, Lost) and delivery.phase is Phase.MESSAGE
    _claim(is_unknown, "a letter that may have been taken is Lost in the phase of the message", delivery)
    _claim(letter.asked == 1, "commit is called once for a letter that is lost", letter.asked)
    await transport.close()


async def _still_delivers(transport: Transport, arrived: Any, after: str) -> None:
    letter = _Letter()
    delivery = await letter.deliver(transport, arrived)
    _claim(isinstance(delivery, Accepted), f"it delivers after {after}", delivery)
    _claim(letter.count(arrived) == 1, f"a letter arrives once after {after}", letter.count(arrived))


_CHECKS: Final = (
    _a_letter_arrives_after_it_was_asked_for,
    _no_means_that_nothing_is_sent,
    _an_error_of_commit_is_raised,
    _a_cancelled_delivery_sends_nothing,
    _many_are_delivered_at_once,
    _closing_leaves_alone_what_is_under_way,
)
