"""What a sender asks of whatever carries letters away; `SMTPTransport` is one answer to it.

How to think about it. Until `commit` has said yes, nothing that a server could keep may leave;
after it, everything is possible. So a transport reports in which phase a conversation was
lost: before the end of the message left, the job is simply tried again; after it, nobody can know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import attrs

from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, TransportError
from mailkit.send.returns.reply import Phase, Reply

if TYPE_CHECKING:
    from mailkit.send.limits.limits import Shape

__all__ = ["Accepted", "Commit", "Delivery", "Direct", "Lost", "Refused", "Transport", "Unsendable", "Withdrawn"]

Commit = Callable[[], "asyncio.Future[bool]"]
"""Asked once, from within the event loop and when the letter's turn has come: with its MAIL command, or later. Its
answer is waited for before anything leaves that may contain the final dot; False means send nothing. Asked early, it
is often there in time; but a crash between the two leaves a job `unknown` of which nothing was sent."""


@attrs.frozen(kw_only=True)
class Accepted:
    """The server took the letter.

    Attributes:
        reply: Its answer to the final dot.
        server: Which server it was, as host:port; empty if there is only one.
    """

    reply: Reply
    server: str = ""


@attrs.frozen(kw_only=True)
class Refused:
    """The server said no, for now or for good; nothing was delivered.

    Attributes:
        reply: What it said.
        phase: To what it said so.
        server: Which server it was, as host:port; empty if there is only one.
    """

    reply: Reply = attrs.field()
    phase: Phase
    server: str = ""

    @reply.validator
    def _check_reply(self, attribute: object, reply: Reply) -> None:
        if reply.is_positive:
            raise InvalidValue("Refused.reply", reply.line, "is no refusal", "a reply that fits nothing is Lost")


@attrs.frozen(kw_only=True)
class Lost:
    """The conversation could not be had or broke off.

    Attributes:
        phase: How far it had come; in `Phase.MESSAGE` the letter may have been taken.
        server: With whom, as host:port.
        reason: What happened.
    """

    phase: Phase
    server: str
    reason: str

    def __str__(self) -> str:
        return str(TransportError(self.server, self.phase, self.reason))


@attrs.frozen(kw_only=True)
class Unsendable:
    """The letter cannot go to this server at all; nothing was sent.

    Attributes:
        reason: Why.
    """

    reason: str


@attrs.frozen
class Withdrawn:
    """`commit` said no; nothing was sent."""


Delivery = Accepted | Refused | Lost | Unsendable | Withdrawn
"""What came of one delivery."""


@runtime_checkable
class Transport(Protocol):
    """What carries letters away, one recipient at a time, many at once.

    Attributes:
        capacity: How many deliveries it makes use of at once; more would only wait in it.

    >>> from mailkit.send import SMTPTransport
    >>> isinstance(SMTPTransport("mail.example.com"), Transport)
    True
    """

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once; more would only wait in it."""
        ...

    async def open(self) -> None:
        """Get ready; called in the event loop in which `deliver` will be.

        A server that cannot be reached now may be reachable later, so that is no error.

        Raises:
            TransportError: It can never work as it is set up, such as a refused login.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; it may be opened again, also in another event loop."""
        ...

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Send finished bytes to the envelope's recipient, and say what came of it.

        Raises:
            Exception: Only what `commit` raised.
        """
        ...


@runtime_checkable
class Direct(Protocol):
    """A transport that goes to many places by itself, each with limits of its own; `MXTransport` is one."""

    def heed(self, shape_of: Callable[[str], Shape]) -> None:
        """Keep to the connections, and to the letters on each, that are allowed for a recipient's domain."""
        ...
