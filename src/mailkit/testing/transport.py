"""A transport that goes nowhere: for tests of what an application does with the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mailkit.envelope import Envelope
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Accepted, Commit, Delivery, Refused, Withdrawn

__all__ = ["MemoryTransport"]

_OK = Reply(code=250, enhanced="2.0.0", text="Ok")


class MemoryTransport:
    """Keeps letters in a list, and answers as it is told.

    Args:
        answers: For a recipient's address, in small letters: a reply's text; a delivery such as
            `Lost`; or a sequence of them, one for each try, of which the last stays. Or a
            function of the envelope that gives one of the two, or None. Whoever is not named is accepted.

    Attributes:
        messages: The letters that were accepted: recipient and bytes.

    >>> import asyncio
    >>> transport = MemoryTransport({"ben@example.org": ["451 4.7.1 Greylisted", "250 2.0.0 Ok"]})
    >>> async def commit():
    ...     return True
    >>> ben = Envelope(sender="shop@example.com", recipient="ben@example.org")
    >>> asyncio.run(transport.deliver(ben, b"Subject: Hello", commit=commit)).reply.code
    451
    >>> asyncio.run(transport.deliver(ben, b"Subject: Hello", commit=commit)).reply.code
    250
    """

    def __init__(
        self,
        answers: Mapping[str, str | Delivery | Sequence[str | Delivery]]
        | Callable[[Envelope], str | Delivery | None] = {},  # noqa: B006 - never changed
    ) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.capacity: int = 10
        self._answers = answers
        self._tries: dict[str, int] = {}

    async def open(self) -> None:
        """Nothing needs to be made ready."""

    async def close(self) -> None:
        """Nothing needs to be let go of."""

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Answer as it was told; keep what was accepted."""
        answer = self._answer(envelope)
        if not isinstance(answer, Reply):
            return answer
        if not answer.is_positive:
            return Refused(reply=answer, phase=Phase.RCPT)
        if not await commit():
            return Withdrawn()
        self.messages.append((str(envelope.recipient.address), raw))
        return Accepted(reply=answer)

    def _answer(self, envelope: Envelope) -> Reply | Delivery:
        key = envelope.recipient.address.key
        answer = self._answers(envelope) if callable(self._answers) else self._answers.get(key)
        if isinstance(answer, Sequence) and not isinstance(answer, str):
            tries = self._tries[key] = self._tries.get(key, -1) + 1
            answer = answer[min(tries, len(answer) - 1)]
        if isinstance(answer, str):
            return Reply.parse(answer)
        return _OK if answer is None else answer
