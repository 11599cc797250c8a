"""How the mail server for tests talks: its answers, and its faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from mailkit.checks import at_least
from mailkit.errors import InvalidValue

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from mailkit.testing.server import SMTPServer

__all__ = ["Answer", "Fault", "Faulty", "Handler", "told"]

_PHASES: Final = ("rcpt", "data", "message")
_OK: Final = "250 2.0.0 Ok"
Fault = Literal["silent", "garbage", "close", "busy"]
_FAULTS: Final[dict[str, bytes]] = {
    "silent": b"",
    "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "close": b"",
    "busy": b"421 4.3.2 Too busy, try again later\r\n",
}


@attrs.frozen(kw_only=True)
class Answer:
    """How the server answers a letter to one recipient.

    Attributes:
        phase: To what: "rcpt", "data" (instead of the 354 that asks for the message) or "message"
            (the final dot). At the return path a server does not know yet for whom a letter is.
        reply: The answer's text with its codes.
        times: How often; then the letter is accepted. None is always.
        drop: Close the line instead of answering. At the final dot the letter is taken first if
            `reply` is positive: the case that a sender cannot tell from a loss.
        delay: Seconds to wait before the answer to the final dot.

    >>> Answer(reply="451 4.7.1 Greylisted, try again", times=1).phase
    'rcpt'
    """

    phase: str = attrs.field(default="rcpt")
    reply: str = attrs.field(default=_OK)
    times: int | None = attrs.field(default=None, validator=attrs.validators.optional(at_least(0)))
    drop: bool = False
    delay: float = attrs.field(default=0.0, validator=at_least(0))

    @phase.validator
    def _check_phase(self, attribute: object, phase: str) -> None:
        if phase not in _PHASES:
            reason = "is no part of a conversation where a recipient can be answered"
            raise InvalidValue("Answer.phase", phase, reason, f"write one of {', '.join(map(repr, _PHASES))}")

    @reply.validator
    def _check_reply(self, attribute: object, reply: str) -> None:
        if not reply[:3].isdigit():
            raise InvalidValue("Answer.reply", reply, "has no reply code", "write e.g. '550 5.1.1 No such user'")

    @property
    def accepts(self) -> bool:
        """Whether the reply is positive."""
        return self.reply.startswith("2")


class Handler:
    """What aiosmtpd asks at each command; each method answers with a reply's text."""

    def __init__(self, server: SMTPServer) -> None:
        self._server = server
        self._letters = 0

    async def handle_EHLO(
        self, protocol: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Leave out the extensions that the server does not offer."""
        session.host_name = hostname
        without = tuple(name.upper() for name in self._server.without)
        return [line for line in responses if not without or not line[4:].upper().startswith(without)]

    async def handle_MAIL(
        self, protocol: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a return path, unless a login or a new connection is wanted first."""
        if self._server.wants_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if self._letters == self._server.letters_per_connection:
            return "421 4.7.0 Enough letters for one connection"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, protocol: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer as told at the recipient."""
        said = self._stop(protocol, address, "rcpt")
        if said:
            return said
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    def before_message(self, protocol: SMTP, envelope: Envelope) -> str:
        """What to answer to DATA instead of asking for the message; empty to ask for it."""
        return self._stop(protocol, envelope.rcpt_tos[0], "data") if envelope.rcpt_tos else ""

    async def handle_DATA(self, protocol: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer as told at the message; take it and write the log first."""
        (recipient, *_), content = envelope.rcpt_tos, bytes(envelope.original_content or b"")
        answer = self._server.answer(recipient, "message") or Answer()
        await asyncio.sleep(answer.delay)
        if not answer.accepts:
            return self._said(protocol, recipient, answer, content)
        self._letters += 1
        for one in envelope.rcpt_tos:
            self._server.take((envelope.mail_from or "").strip("<>"), one, content)
            self._server.note(one, "accepted", answer.reply, content)
        return _hang_up(protocol) if answer.drop else answer.reply

    def _stop(self, protocol: SMTP, recipient: str, phase: str) -> str:
        """The answer that ends the letter in this phase; empty if it goes on."""
        answer = self._server.answer(recipient, phase)
        if answer is None or (answer.accepts and not answer.drop):
            return ""
        return self._said(protocol, recipient, answer)

    def _said(self, protocol: SMTP, recipient: str, answer: Answer, content: bytes = b"") -> str:
        verdict = "dropped" if answer.drop else "deferred" if answer.reply.startswith("4") else "refused"
        self._server.note(recipient, verdict, answer.reply, content)
        return _hang_up(protocol) if answer.drop else answer.reply


class Faulty(asyncio.Protocol):
    """A connection that speaks no SMTP."""

    def __init__(self, fault: str, transports: set[asyncio.Transport]) -> None:
        self._fault, self._transports = fault, transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Do at once what it is there for."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transports.add(transport)
        transport.write(_FAULTS[self._fault])
        if self._fault in ("close", "busy"):
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the line."""
        self._transports.discard(self._transport)


def told(protocol: type[Any], transports: set[asyncio.Transport]) -> type[Any]:
    """The protocol of aiosmtpd, made to remember its connections, so that they can be closed at the end.

    It also asks its handler before it asks for a message.
    """

    class Told(protocol):  # type: ignore[misc]
        def connection_made(self, transport: asyncio.Transport) -> None:
            transports.add(transport)
            self._told_of = getattr(self, "_told_of", transport)  # STARTTLS puts another above the first
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            transports.difference_update((self.transport, self._told_of))
            super().connection_lost(error)

        async def smtp_DATA(self, arg: str) -> None:
            said = self.event_handler.before_message(self, self.envelope)
            await (self.push(said) if said else super().smtp_DATA(arg))

    return Told


def _hang_up(protocol: Any) -> str:
    """Close the line at once; what is answered then goes nowhere."""
    protocol.transport.abort()
    return _OK
