"""One letter on its way through a connection."""

from __future__ import annotations

import asyncio

from mailkit.envelope import Envelope
from mailkit.send.lines import crlf
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.body import is_plain
from mailkit.send.transport import Commit, Delivery

__all__ = ["LARGE", "Letter"]

LARGE = 65_536
"""Beyond this many octets, a body goes in pieces, between which a refusal can be heard."""


class Letter:
    """A letter and how far it has come. Changed in place: it is made and asked many thousand times a second.

    Attributes:
        envelope: From whom and to whom.
        body: The message, in lines that end in CRLF.
        is_plain: Whether no line of it begins with a dot.
        is_ascii: Whether it has no 8-bit octets.
        commit: What must say yes before the end of the message leaves.
        future: What the caller waits for; None where a machine is run without a loop.
        asked: What `commit` gave, once it was called.
        consent: What it answered; None until then.
        session: The connection that it is on, if any.
        is_asked: Whether this connection has asked for consent, or for what was asked before.
        is_over: Whether it is known what came of it. The server may have answers to it still.
        is_try: Whether it counts as a try even if the line breaks before any reply to it.
        octets: The body as it is written on this connection.
        plan: The groups of commands still to be written, the next one last; None waits for consent.
        head: What goes with the body, before it: all or a part of the commands where BDAT is used.
        steps: What is answered once the body has left.
        awaited: How many replies to it are on their way.
        phase: To what the next of them will be an answer.
        refusal: The first of its commands that was refused: the reply, and the phase.
        is_in_data: The server waits for the message.
        is_begun: Something of it was written on this connection.
        sent: How many octets of the body were handed over in pieces.
        end: How many octets the connection had written when the last of this letter was; 0 until then.
    """

    __slots__ = (
        "asked",
        "awaited",
        "body",
        "commit",
        "consent",
        "end",
        "envelope",
        "future",
        "head",
        "is_ascii",
        "is_asked",
        "is_begun",
        "is_in_data",
        "is_over",
        "is_plain",
        "is_try",
        "octets",
        "phase",
        "plan",
        "refusal",
        "sent",
        "session",
        "steps",
    )

    def __init__(
        self, envelope: Envelope, raw: bytes, commit: Commit, future: asyncio.Future[Delivery] | None = None
    ) -> None:
        self.is_plain = is_plain(raw)
        self.envelope, self.commit, self.future = envelope, commit, future
        self.body = raw if self.is_plain else crlf(raw)
        self.is_ascii = raw.isascii()
        self.asked: asyncio.Future[bool] | None = None
        self.consent: bool | None = None
        self.is_over = False
        self.session: object = None
        self.start(is_try=False)

    def start(self, *, is_try: bool) -> None:
        """Begin, or begin anew on another connection."""
        self.is_try = is_try
        self.octets = self.body
        self.plan: list[tuple[bytes, tuple[int, ...]] | None] = []
        self.head = b""
        self.steps: tuple[int, ...] = ()
        self.awaited = self.sent = self.end = 0
        self.phase = Phase.MAIL
        self.refusal: tuple[Reply, Phase] | None = None
        self.is_asked = self.is_in_data = self.is_begun = False

    @property
    def is_large(self) -> bool:
        """Whether its body goes in pieces."""
        return len(self.octets) > LARGE
