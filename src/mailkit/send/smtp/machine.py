"""An SMTP client without input and output: mail transactions as a function of what a server says.

How to think about it. Octets come in by `receive`; what is to be written gathers in `out`, what came of
letters in `concluded`. The machine knows no socket, no clock and no event loop, so every conversation can be
played to it. It keeps these laws:

- Replies come in the order of the commands (RFC 5321, 2.4), so `_expected` is a queue. What was in the line before
  a command left cannot be an answer to it: all that came in is taken before anything new is written.
- One letter at a time, `_current`, is between its first command and its last octet. Letters before it wait for
  the answer to their end; a letter after it may begin only when that octet is written.
- Nothing that could end a message is written before `consent`.
- A letter of which the server has answered nothing is nobody's failure when the line breaks: it is `returned`, to
  be sent on another connection, unless the connection was made for it just now.
- Whoever is refused early, in the middle of a message, cannot know what the server takes the rest for: the line is
  given up, and nothing is put behind a large message.

In groups (RFC 2920, 3.1) MAIL, RCPT and DATA leave at once, and with them the end of the letter before. BDAT (RFC 3030)
takes the place of DATA and final dot. As it needs no answer before the message, whole letters may follow one another;
but then the server has all of a letter before it has answered anything, so that is done with a depth of 2 or more only.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.smtp.account import garbage
from mailkit.send.smtp.body import END as FINAL_DOT
from mailkit.send.smtp.commands import is_one, mail, obstacle, rcpt
from mailkit.send.smtp.letter import LARGE, Letter
from mailkit.send.smtp.offers import Offers
from mailkit.send.smtp.plans import DATA, END, MAIL, NEXT, PHASES, QUIT, RSET, plan
from mailkit.send.smtp.replies import Replies, read
from mailkit.send.transport import Accepted, Delivery, Lost, Refused, Unsendable, Withdrawn

__all__ = ["CLOSED", "MORE", "Machine"]

CLOSED: Final = "the server closed the connection"
MORE: Final = "the server said more than it was asked"
_CLOSING: Final = 421
_GO_ON: Final = 354
_MUDDLED: Final = range(500, 505)
"""Answers to what is no command in its place: some servers refuse a message half-way, and read the rest as commands."""


class Machine:
    """The transactions of one connection, from after EHLO to QUIT.

    Args:
        offers: What the server offers.
        server: Who it is, as host:port, for what is told of losses.
        told_as: Who it is for what is told of answers; empty if there is only one.
        depth: How many letters may be under way whole by BDAT, where it is offered; with 1 a message waits until its
            recipient was accepted; 0 for DATA always.
        most: How many letters the connection may carry.

    Attributes:
        out: What is to be written; the driver takes it out.
        concluded: What came of letters; the driver takes it out.
        returned: Letters that are to be sent on another connection; likewise.
        asks: Letters whose consent is to be asked for; likewise.
        closing: The 421 that the server said, once it did (RFC 5321, 3.8): it has too much to do, or waited too long.
        is_over: Whether the connection is of no more use, and is to be dropped.
        is_paused: Whether what was written has not all left; set by the driver.
        begun: How many letters it was given.
        progress: Grows whenever the server has done something, or is asked the first thing after a rest.
    """

    __slots__ = (
        "_current",
        "_depth",
        "_expected",
        "_is_doubtful",
        "_is_fresh",
        "_is_quitting",
        "_left",
        "_most",
        "_needs_reset",
        "_offers",
        "_replies",
        "_server",
        "_told_as",
        "_under_way",
        "_was_resting",
        "_written",
        "asks",
        "begun",
        "closing",
        "concluded",
        "is_over",
        "is_paused",
        "out",
        "progress",
        "returned",
    )

    def __init__(self, offers: Offers, server: str, *, told_as: str = "", depth: int = 1, most: int = 100) -> None:
        self._offers, self._server, self._told_as, self._most = offers, server, told_as, most
        self._depth = depth if offers.has_chunking else 0
        self.out: list[bytes] = []
        self.concluded: list[tuple[Letter, Delivery]] = []
        self.returned: list[Letter] = []
        self.asks: list[Letter] = []
        self.closing: Reply | None = None
        self.is_over = self.is_paused = False
        self.begun = self.progress = 0
        self._replies = Replies()
        self._expected: deque[tuple[int, Letter | None]] = deque()
        self._under_way: deque[Letter] = deque()
        self._current: Letter | None = None
        self._written = self._left = 0
        self._needs_reset = self._is_doubtful = self._is_quitting = self._was_resting = False
        self._is_fresh = True

    @property
    def is_idle(self) -> bool:
        """Whether no letter is under way."""
        return not self._under_way

    @property
    def is_spent(self) -> bool:
        """Whether it has carried its share."""
        return self.begun >= self._most

    @property
    def is_uploading(self) -> bool:
        """Whether a large message is to be written further as soon as there is room."""
        letter = self._current
        return letter is not None and letter.sent > 0 and not letter.is_asked

    @property
    def awaits(self) -> Phase | None:
        """To what the next reply will be an answer; None if none is due."""
        return PHASES[self._expected[0][0]] if self._expected else None

    def room(self) -> bool:
        """Whether another letter may begin now."""
        if self._current is not None or self.is_over or self._is_quitting or self.is_paused or self.begun >= self._most:
            return False
        under_way = self._under_way
        if not under_way:
            return True
        if not self._offers.has_pipelining or under_way[-1].is_large:
            return False
        return len(under_way) < max(2, self._depth)

    def rest(self) -> None:
        """Remember that the connection stood idle: the server may have closed it meanwhile."""
        self._is_fresh, self._was_resting = False, True

    def begin(self, letter: Letter) -> None:
        """Send a letter; only if there is `room`."""
        envelope, body, offers = letter.envelope, letter.body, self._offers
        reason = obstacle(envelope, body, offers, self._server)
        first, second = mail(envelope, body, offers), rcpt(envelope, offers)
        if not (is_one(first) and is_one(second)):
            reason = "a command with a line break in it would be two"
        if reason:
            self._conclude(letter, Unsendable(reason=reason))
            return
        letter.start(is_try=self._is_fresh)
        self._is_fresh = False
        self.begun += 1
        asks = plan(
            letter,
            first,
            second,
            has_pipelining=offers.has_pipelining,
            depth=self._depth,
            resets=self._needs_reset or (self._depth > 0 and bool(self._under_way)),
            is_whole=self._depth > 1 and not self._was_resting,
        )
        self._needs_reset = self._was_resting = False
        self._under_way.append(letter)
        self._current = letter
        if asks:
            self._has_consent(letter)
        self._proceed()

    def committed(self, letter: Letter, consent: bool) -> None:
        """Take the answer to an ask."""
        letter.consent = consent
        if letter is self._current and not self.is_over:
            if not consent and not letter.awaited:
                self._withdraw(letter)
            elif not consent:  # its replies have to be waited for, its caller has not
                self._conclude(letter, Withdrawn())
            else:
                self._proceed()

    def abandon(self, letter: Letter) -> None:
        """Wait for a letter no longer; what others have under way on the connection comes to its end."""
        letter.is_over = True
        others = any(other.end and not other.is_over for other in self._under_way)
        if not others:
            self.lose(CLOSED)
        elif letter is self._current:
            self.committed(letter, False)

    def drained(self) -> None:
        """All that was written has left: write on."""
        self.is_paused = False
        if not self.is_over:
            self._proceed()

    def quit(self) -> None:
        """Say goodbye; only while idle."""
        self._is_quitting = True
        self._write(b"QUIT\r\n", None, (QUIT,))

    def receive(self, octets: bytes, unsent: int = 0) -> None:
        """Take what the server said, while so many octets of `out` had not left yet."""
        if self.is_over:
            return
        self._left = self._written - unsent
        replies = self._replies
        for code, lines in replies.feed(octets):
            self._take(code, lines)
            if self.is_over:
                return
        if replies.garbage:
            self.lose(garbage(f"said: {replies.garbage}"))
        elif self._current is not None:
            self._proceed()

    def lose(self, reason: str, *, is_told: bool = False) -> None:
        """The line is lost or of no more use; `is_told`, if the server said that it will read no further."""
        self.is_over = True
        for letter in self._under_way:
            if letter.refusal:
                self._refuse(letter)
            elif letter.end and not is_told:
                self._conclude(letter, Lost(phase=Phase.MESSAGE, server=self._server, reason=reason))
            elif letter.phase is Phase.MAIL and not letter.is_try:
                self._return(letter)
            else:
                self._conclude(letter, Lost(phase=letter.phase, server=self._server, reason=reason))
        self._under_way.clear()
        self._expected.clear()
        self._current = None

    # What the server says.

    def _take(self, code: int, lines: bytes) -> None:
        if not self._expected:
            self._hear(code, lines)
            return
        step, letter = self._expected.popleft()
        self.progress += 1
        if letter is None:
            self.is_over = True  # it is the answer to QUIT
            return
        letter.awaited -= 1
        if code == _CLOSING:
            self._turned_away(letter, step, lines)
        elif step == END:
            self._ended(letter, code, lines)
        elif code // 100 in (4, 5):
            self._refused(letter, step, code, lines)
        elif (code == _GO_ON) if step == DATA else (code // 100 == 2):
            letter.phase = NEXT[step]
            letter.is_in_data = step == DATA
            self._is_doubtful = False
        else:
            self._muddle(letter, PHASES[step], lines)

    def _ended(self, letter: Letter, code: int, lines: bytes) -> None:
        """The answer to the end of a message: of the letter that is longest under way."""
        self._under_way.popleft()
        has_left = letter.end <= self._left
        if self._depth and (code // 100 != 2 or letter.refusal):
            self._needs_reset = True
        if letter.refusal:
            self._refuse(letter)
        elif code // 100 == 2 and has_left:
            self._conclude(letter, Accepted(reply=read(lines), server=self._told_as))
        elif code // 100 in (4, 5):
            self._conclude(letter, Refused(reply=read(lines), phase=Phase.MESSAGE, server=self._told_as))
            self._is_doubtful = True
            if letter.is_large or not has_left:
                self.lose(CLOSED)
        else:
            self._muddle(letter, Phase.MESSAGE, lines)

    def _refused(self, letter: Letter, step: int, code: int, lines: bytes) -> None:
        if step == RSET or (step == MAIL and self._is_doubtful and code in _MUDDLED):
            self.lose(MORE)  # it is not this letter that it speaks of
            return
        letter.phase = NEXT[step]
        letter.refusal = letter.refusal or (read(lines), PHASES[step])

    def _turned_away(self, letter: Letter, step: int, lines: bytes) -> None:
        """421: it reads no further, so of this letter and those behind it nothing was taken."""
        self.closing = reply = read(lines)
        if letter.refusal is None and (step > MAIL or letter.is_try):
            letter.refusal = reply, PHASES[step]
        self.lose(CLOSED, is_told=True)

    def _hear(self, code: int, lines: bytes) -> None:
        """A reply where none was due."""
        letter = self._current
        if code == _CLOSING:
            self.closing = read(lines)
        if letter is not None and letter.is_begun and code // 100 in (4, 5):  # in the middle of the message
            letter.refusal = read(lines), letter.phase
        self.lose(MORE if code != _CLOSING else CLOSED)

    def _muddle(self, letter: Letter, phase: Phase, lines: bytes) -> None:
        reason = f"the server's answer fits nothing that was said: {read(lines).line!r}"
        self._conclude(letter, Lost(phase=phase, server=self._server, reason=reason))
        self.lose(reason)

    # What is said to it.

    def _proceed(self) -> None:
        """Write what the current letter's turn is, unless it waits for replies or consent."""
        letter = self._current
        if letter is None or letter.awaited:
            return
        if letter.refusal:
            self._give_up(letter)
            return
        if not self._expected and self._replies.has_rest:
            self.lose(MORE)
            return
        if letter.plan and not self._has_gone_on(letter):
            return
        self._upload(letter)

    def _has_gone_on(self, letter: Letter) -> bool:
        """Write the next group of the plan; True if there is none left."""
        group = letter.plan[-1]
        if group is None:
            if not self._has_consent(letter):
                return False
            letter.plan.pop()
            group = letter.plan[-1] if letter.plan else None
        if group is None:
            return True
        letter.plan.pop()
        self._write(group[0], letter, group[1])
        return False

    def _upload(self, letter: Letter) -> None:
        """Write the message, or the next piece of it; the last one only with consent."""
        body, sent = letter.octets, letter.sent
        if len(body) - sent > LARGE:
            if self.is_paused:
                return
            piece = body[sent : sent + LARGE]
            self._put(piece if sent or not letter.head else letter.head + piece)
            letter.is_begun, letter.sent = True, sent + LARGE
            self.progress += 1
            return
        if not self._has_consent(letter):
            return
        if letter.head and not sent:
            self._put(letter.head)
        self._put(body[sent:] if sent else body)
        self._write(b"" if self._depth else FINAL_DOT, letter, letter.steps)
        letter.end, letter.phase = self._written, Phase.MESSAGE if letter.phase is not Phase.MAIL else Phase.MAIL
        self._current = None

    def _has_consent(self, letter: Letter) -> bool:
        if letter.consent is None and not letter.is_asked:
            letter.is_asked = True
            self.asks.append(letter)
        if letter.consent is False:
            self._withdraw(letter)
        return bool(letter.consent)

    def _withdraw(self, letter: Letter) -> None:
        """End the transaction of a letter that must not be sent, before its message, or else drop the line."""
        self._conclude(letter, Withdrawn())
        if letter.is_in_data or letter.sent:
            self.lose(CLOSED)
            return
        self._needs_reset = True
        self._under_way.remove(letter)
        self._current = None

    def _give_up(self, letter: Letter) -> None:
        """End the transaction of a letter that was refused."""
        self._current = None
        self._needs_reset = True
        if letter.is_in_data:  # although it was refused: the server wants a message, and refuses it (RFC 2920, 3.1)
            self._write(FINAL_DOT, letter, (END,))
            return
        self._under_way.remove(letter)
        self._refuse(letter)

    def _refuse(self, letter: Letter) -> None:
        assert letter.refusal is not None  # whoever calls has looked
        reply, phase = letter.refusal
        self._conclude(letter, Refused(reply=reply, phase=phase, server=self._told_as))

    def _conclude(self, letter: Letter, delivery: Delivery) -> None:
        if not letter.is_over:
            letter.is_over = True
            self.concluded.append((letter, delivery))

    def _return(self, letter: Letter) -> None:
        if not letter.is_over:
            self.returned.append(letter)

    def _write(self, octets: bytes, letter: Letter | None, steps: tuple[int, ...]) -> None:
        if not self._expected:
            self.progress += 1
        self._put(octets)
        for step in steps:
            self._expected.append((step, letter))
        if letter is not None:
            letter.awaited += len(steps)
            letter.is_begun = True

    def _put(self, octets: bytes) -> None:
        self.out.append(octets)
        self._written += len(octets)
