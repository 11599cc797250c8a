"""The place in a segment's text up to which it is read, and how errors name it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Final, TypeVar

from mailkit.errors import SegmentError, did_you_mean, shorten
from mailkit.segment.language.slips import SIGNS
from mailkit.segment.language.text import RESERVED
from mailkit.segment.language.tokens import Sort, Token, tokens
from mailkit.segment.nodes import Operator

__all__ = ["Cursor"]

T = TypeVar("T")
_OPERATORS: Final = frozenset(map(str, Operator))
_WORD: Final = 40  # a longer word is no slip of the pen, and to compare it with others takes long


class Cursor:
    """Reads a text token by token.

    Attributes:
        text: The text.
        places: Where nodes stand in it (start and end), by their `id`; of events, where their kind stands.
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise SegmentError(f"{shorten(text)} is not text; write e.g. 'city = \"Kazan\"'")
        self.text = text
        self.places: dict[int, tuple[int, int]] = {}
        self._tokens: list[Token] = []
        self._more = tokens(text)
        self._next = 0

    @property
    def token(self) -> Token:
        """The token that comes next.

        Raises:
            SegmentError: It cannot be read.
        """
        place = self._next
        token = self._tokens[place] if place < len(self._tokens) else self.ahead(0)
        if token.sort is Sort.WRONG:
            raise self.error(token.value, token.start, token.end)
        return token

    @property
    def is_over(self) -> bool:
        """Whether no token comes any more."""
        return self.token.sort is Sort.END

    @property
    def following(self) -> Token:
        """The token after the next."""
        return self.ahead(1)

    def ahead(self, further: int) -> Token:
        """The token so much further on, or else the last; it may be one that cannot be read."""
        place = self._next + further
        missing = max(0, place + 1 - len(self._tokens))
        self._tokens.extend(islice(self._more, missing))  # no more than is needed: what is wrong is wrong early
        return self._tokens[place] if place < len(self._tokens) else self._tokens[-1]

    @property
    def start(self) -> int:
        """Where the next token begins."""
        return self.ahead(0).start

    @property
    def end(self) -> int:
        """Where the last token ended that was taken."""
        return self._tokens[self._next - 1].end if self._next else 0

    def take(self) -> Token:
        """The next token, which is passed."""
        token = self.token
        self._next += 1
        return token

    def takes(self, shown: str) -> bool:
        """Whether the next token is this word or sign; if so, it is passed."""
        if self.token.shown != shown:
            return False
        self._next += 1
        return True

    def expect(self, shown: str, expected: str) -> None:
        """Pass this word or sign.

        Raises:
            SegmentError: It does not come next, though it is `expected`.
        """
        if not self.takes(shown):
            raise self.unexpected(expected, (shown,))

    def opened(self) -> Token:
        """Pass an opening parenthesis, and keep it for `close`."""
        token = self.token
        self.expect("(", "'('")
        return token

    def close(self, opening: Token, expected: str) -> None:
        """Pass the parenthesis that closes this one."""
        if self.token.sort is Sort.END:
            raise self.error("the parenthesis opened here is not closed", opening.start, opening.end)
        self.expect(")", expected)

    def built(self, make: Callable[..., T], start: int, /, **fields: Any) -> T:
        """A node of what stands between `start` and here, and an error of the node with that place."""
        try:
            node = make(**fields)
        except SegmentError as error:
            raise self.error(error.reason, start, self.end) from error.__cause__
        self.places[id(node)] = start, self.end
        return node

    def error(self, reason: str, start: int, end: int) -> SegmentError:
        """An error at a place of the text."""
        return SegmentError(reason, text=self.text, start=start, end=end)

    def unexpected(self, expected: str, known: Iterable[str] = (), slips: dict[str, str] | None = None) -> SegmentError:
        """The error that something else was expected than what comes next, or than the end.

        Args:
            expected: What would be right here, in words.
            known: Words that might have been meant.
            slips: What may be written out of habit, to what is to be written.
        """
        token = self.token
        if token.sort is Sort.END:
            after = f" after {self._tokens[self._next - 1].shown!r}" if self._next else ""
            return self.error(f"expected {expected}{after}, but the text ends", self.end, self.end + 1)
        if token.sort is Sort.SIGN and token.shown in SIGNS:
            reason = f"unknown operator {token.shown!r}; did you mean {SIGNS[token.shown]!r}?"
        else:
            reason = f"expected {expected}, found {shorten(_written(token))}{self._mend(known, slips or {})}"
        return self.error(reason, token.start, token.end)

    def _mend(self, known: Iterable[str], slips: dict[str, str]) -> str:
        token, before = self.token, self._tokens[max(0, self._next - 1)]
        if token.shown in slips:
            return f"; write {slips[token.shown]}"
        if before.end == token.start and (token.sort, before.sort) == (Sort.TEXT, Sort.TEXT):
            return "; a quote within quotes is written \\\" or \\'"
        is_close = before.end == token.start and token.end == self.following.start
        if token.shown == "," and is_close and before.sort is Sort.NUMBER and self.following.shown[:1].isdigit():
            return "; a number has no commas: write 1000 or 0.5"
        if token.shown in _OPERATORS and before.shown in ("and", "or"):
            return "; say again what is compared, as in: age > 18 and age < 30"
        if token.shown == "%" and before.sort is Sort.NUMBER:
            return "; write 20 % as 0.2"
        if token.sort is not Sort.WORD or len(token.shown) > _WORD:
            return ""
        near = did_you_mean(token.shown, known)
        if not near and token.shown in RESERVED:
            return f"; if it is a name, put it in backticks: `{token.value}`"
        return near

    def too_deep(self) -> SegmentError:
        """The error that from here on the parts stand within each other too deep."""
        return self.error("the parts stand within each other too deep from here on", self.start, self.start + 1)


def _written(token: Token) -> str:
    return str(token.value) if token.sort is Sort.WORD else token.shown
