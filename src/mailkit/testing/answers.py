"""How the mail server for tests answers, and its faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, Final, Literal

import attrs

from mailkit.checks import at_least
from mailkit.errors import InvalidValue

__all__ = ["Answer", "Answers", "Choice", "Fault", "fault_named"]

_PHASES: Final = (
    *("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "content", "message"),
    *("rset", "noop", "quit", "idle"),
)
_OF_A_RECIPIENT: Final = ("rcpt", "data", "content", "message")
Fault = Literal["silent", "garbage", "close", "busy"]


def _octets(given: bytes | str) -> bytes:
    return given.encode("latin-1") if isinstance(given, str) else given


@attrs.frozen(kw_only=True)
class Answer:
    """What the server says at one point of a conversation, and what it does then.

    Attributes:
        phase: To what: "connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data" (instead of the
            354 that asks for the message, or to the first BDAT), "content" (within the message, before
            its end), "message" (the final dot, or BDAT LAST), "rset", "noop", "quit"; or "idle", when nothing
            has come for `delay` seconds. At the return path a server does not know yet for whom a letter is.
        reply: The answer's text with its codes, lines parted by newlines; the usual answer if empty.
            After a 421 the line is closed.
        raw: What is said instead of a reply, as it is, such as another protocol's words.
        times: How often; then all goes on as usual. None is always. Each recipient is counted alone.
        odds: At which share of the occasions, drawn by the server's `rng`.
        after: How many must have gone well before: at "connect" connections, at "rcpt" recipients of this
            letter, at "content" octets of it, and else letters of this connection.
        drop: Close the line instead of answering. At the final dot the letter is taken first if
            `reply` is positive or empty: the case that a sender cannot tell from a loss.
        half_closes: Say it and close the server's side of the line; what comes is still heard.
        is_silent: Say nothing, then or ever after, and leave the line open.
        delay: Seconds to wait before the answer. At the final dot the letter is taken before.

    >>> Answer(reply="451 4.7.1 Greylisted, try again", times=1).phase
    'rcpt'
    """

    phase: str = attrs.field(default="rcpt")
    reply: str = attrs.field(default="")
    raw: bytes = attrs.field(default=b"", converter=_octets)
    times: int | None = attrs.field(default=None, validator=attrs.validators.optional(at_least(0)))
    odds: float = attrs.field(default=1.0)
    after: int = attrs.field(default=0, validator=at_least(0))
    drop: bool = False
    half_closes: bool = False
    is_silent: bool = False
    delay: float = attrs.field(default=0.0, validator=at_least(0))

    @phase.validator
    def _check_phase(self, attribute: object, phase: str) -> None:
        if phase not in _PHASES:
            reason = "is no part of a conversation that can be answered"
            raise InvalidValue("Answer.phase", phase, reason, f"write one of {', '.join(map(repr, _PHASES))}")

    @reply.validator
    def _check_reply(self, attribute: object, reply: str) -> None:
        if reply and not reply[:3].isdigit():
            raise InvalidValue("Answer.reply", reply, "has no reply code", "write e.g. '550 5.1.1 No such user'")

    @odds.validator
    def _check_odds(self, attribute: object, odds: float) -> None:
        if not 0 <= odds <= 1:
            raise InvalidValue("Answer.odds", odds, "is no share", "write a number from 0 to 1")

    @property
    def accepts(self) -> bool:
        """Whether what it says is positive."""
        return not self.raw and self.reply[:1] in ("", "2", "3")

    @property
    def changes_what_is_said(self) -> bool:
        """Whether the conversation does not go on as usual, if later."""
        return not self.accepts or self.drop or self.is_silent or self.half_closes


Answers = Mapping[str, Answer] | Callable[[str], Answer | None]
"""The answer for a recipient, in small letters; whoever has none is accepted."""


def fault_named(name: str) -> Answer:
    """What every connection meets instead of a greeting."""
    faults = {
        "silent": Answer(phase="connect", is_silent=True),
        "garbage": Answer(phase="connect", raw=b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "close": Answer(phase="connect", drop=True),
        "busy": Answer(phase="connect", reply="421 4.3.2 Too busy, try again later"),
    }
    return faults[name]


class Choice:
    """Chooses the answer of the moment: that of the recipient first, then the first fault that has its turn.

    Args:
        answers: Those of single recipients.
        faults: Those of everybody.
        given: How often recipients have had theirs already.
        rng: Chance.
    """

    def __init__(self, answers: Answers, faults: Sequence[Answer], given: Mapping[str, int], rng: Random) -> None:
        for answer in () if callable(answers) else answers.values():
            if answer.phase not in _OF_A_RECIPIENT:
                reason = "is said before the server knows for whom the letter is"
                raise InvalidValue("Answer.phase", answer.phase, reason, "give it to everybody, in faults=")
        self._answers, self._rng = answers, rng
        self._faults: dict[str, list[Answer]] = {}
        for fault in faults:
            self._faults.setdefault(fault.phase, []).append(fault)
        self._given: Counter[Any] = Counter(given)
        self._counts: Counter[Any] = Counter()

    def of(self, phase: str, recipient: str, done: int) -> Answer | None:
        """The answer to give now, if it is not the usual one; counts it as given."""
        key = recipient.casefold() if phase in _OF_A_RECIPIENT else ""
        if key:
            answer = self._answers(key) if callable(self._answers) else self._answers.get(key)
            if answer is not None and answer.phase == phase and self._has_turn(answer, done, self._given, key):
                return answer
        if phase in self._faults:
            return next(
                (fault for fault in self._faults[phase] if self._has_turn(fault, done, self._counts, (id(fault), key))),
                None,
            )
        return None

    def _has_turn(self, answer: Answer, done: int, counts: Counter[Any], key: Any) -> bool:
        if done < answer.after or (answer.odds < 1 and self._rng.random() >= answer.odds):
            return False
        if answer.times is None:
            return True
        if counts[key] >= answer.times:
            return False
        counts[key] += 1
        return True
