"""Patterns as trees: one pass over the text, which builds what is understood and refuses all else.

pattern = ["(?i)"] choice ;  choice = row {"|" row} ;  row = {atom [how often]}
"""

from __future__ import annotations

import re
from typing import Final, NoReturn, TypeAlias, assert_never

import attrs

from mailkit.errors import SegmentError

__all__ = ["Alternatives", "At", "Char", "Repeat", "Row", "Tree", "parse", "rendered", "trimmed"]

_MOST_REPEATS: Final = 1000
_DEEPEST: Final = 50
_CLASSES: Final = frozenset("dDwWsS")
_PLACES: Final = frozenset("AZbB")
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_HEX_DIGITS: Final = {"x": 2, "u": 4, "U": 8}
_REPEAT: Final = re.compile(r"\{(?:([0-9]+)(?:(,)([0-9]*))?|,([0-9]*))\}")
_REFUSED: Final = (
    (r"\(\?<?[=!]", "a pattern looks neither ahead nor back, since that takes more steps than the text is long"),
    (r"\(\?P=\w*\)?", "a pattern does not refer back to a group, since that takes more steps than the text is long"),
    (r"\(\?P?<\w*>?", "groups have no names here, as nothing is taken out of them; write (?:...)"),
    (r"\(\?>", "groups do not keep what they have matched; write (?:...)"),
    (r"\(\?\(", "a pattern does not depend on whether a group matched; write two, joined by |"),
    (r"\(\?#", "a pattern has no comments"),
    (r"\(\?[aiLmsux-]+[:)]?", "of the flags, there is (?i), at the beginning of the whole pattern"),
    (r"\(\?", "no group begins so; a group is (...) or (?:...)"),
)
"""How the groups begin that there are not, to why. The first that fits counts."""


@attrs.frozen
class Char:
    """One character of those that this source of `re` matches: `a`, `.`, `[^a-z]`."""

    source: str


@attrs.frozen
class At:
    """A place between characters: `^`, `$`, `\\A`, `\\Z`, `\\b`, `\\B`."""

    source: str


@attrs.frozen
class Row:
    """One part after the other; none matches the empty text."""

    parts: tuple[Tree, ...]


@attrs.frozen
class Alternatives:
    """Any of the parts."""

    parts: tuple[Tree, ...]


@attrs.frozen
class Repeat:
    """The part, so many times; `most` is None for no limit."""

    part: Tree
    least: int
    most: int | None


Tree: TypeAlias = Char | At | Row | Alternatives | Repeat


def parse(source: str) -> tuple[Tree, bool]:
    """The pattern's tree, and whether it ignores case.

    Raises:
        SegmentError: It cannot be read.
    """
    ignores_case = source.startswith("(?i)")
    return _Parser(source, 4 if ignores_case else 0).whole(), ignores_case


class _Parser:
    def __init__(self, source: str, place: int) -> None:
        self._source, self._place, self._depth = source, place, 0

    def whole(self) -> Tree:
        tree = self._choice()
        if self._place < len(self._source):
            self._refuse(self._place, r"this ) closes no group; for the character itself write \)")
        return tree

    def _choice(self) -> Tree:
        rows = [self._row()]
        while self._takes("|"):
            rows.append(self._row())
        return rows[0] if len(rows) == 1 else Alternatives(tuple(rows))

    def _row(self) -> Tree:
        parts: list[Tree] = []
        while self._place < len(self._source) and self._source[self._place] not in "|)":
            parts.append(self._repeated())
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self) -> Tree:
        start = self._place
        if self._how_often():
            mend = f"the character itself is \\{self._source[start]}"
            self._refuse(start, f"nothing stands before this that could be repeated; {mend}")
        part = self._atom()
        again = self._place
        limits = self._how_often()
        if limits is None:
            return part
        if isinstance(part, At):
            self._refuse(again, "a place between characters is not repeated")
        self._takes("?")
        further = self._place
        if self._how_often():
            self._refuse(further, "what is repeated is not repeated again; put a group around it: (?:...)")
        return Repeat(part, *limits)

    def _how_often(self) -> tuple[int, int | None] | None:
        """What `*`, `+`, `?` or `{2,5}` here says; None if there is none."""
        start = self._place
        for sign, limits in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._takes(sign):
                return limits
        found = _REPEAT.match(self._source, start)
        if found is None:  # as in `re`, a brace that is no repetition is a brace
            return None
        self._place = found.end()
        exact, comma, upper, only_upper = found.groups()
        if any(len(digits or "") > 6 for digits in (exact, upper, only_upper)):
            self._refuse(start, f"a repetition has at most {_MOST_REPEATS} as a limit")
        least = int(exact or 0)
        last = upper or only_upper
        most = int(last) if last else None if comma or exact is None else least
        if max(least, most or 0) > _MOST_REPEATS:
            self._refuse(start, f"a repetition has at most {_MOST_REPEATS} as a limit")
        if most is not None and most < least:
            self._refuse(start, "the first limit of a repetition is not above the second")
        return least, most

    def _atom(self) -> Tree:
        start = self._place
        char = self._source[start]
        self._place += 1
        match char:
            case "(":
                return self._group(start)
            case "[":
                return self._set(start)
            case "\\":
                return self._escape(start)
            case "^" | "$":
                return At(char)
            case ".":
                return Char(".")
            case _:
                return Char(re.escape(char))

    def _group(self, start: int) -> Tree:
        if self._source.startswith("?", self._place) and not self._takes("?:"):
            tried = ((re.compile(begins).match(self._source, start), reason) for begins, reason in _REFUSED)
            end, reason = next((found.end(), reason) for found, reason in tried if found)
            self._place = end
            self._refuse(start, reason)
        opened = self._place
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse(start, f"groups stand within each other more than {_DEEPEST} deep")
        tree = self._choice()
        if not self._takes(")"):
            self._place = opened
            self._refuse(start, r"this ( is never closed; for the character itself write \(")
        self._depth -= 1
        return tree if isinstance(tree, Char) else Row((tree,))

    def _escape(self, start: int) -> Tree:
        char = self._source[self._place : self._place + 1]
        if char and char in _CLASSES:
            self._place += 1
            return Char(f"\\{char}")
        if char and char in _PLACES:
            self._place += 1
            return At(f"\\{char}")
        return Char(re.escape(self._escaped(start)))

    def _escaped(self, start: int) -> str:
        """The character that a backslash and what follows it stand for."""
        char = self._source[self._place : self._place + 1]
        self._place += 1
        if not char:
            self._place = len(self._source)
            self._refuse(start, r"a backslash stands before another character; for the backslash itself write \\")
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in _HEX_DIGITS:
            return self._by_number(start, _HEX_DIGITS[char])
        if char.isascii() and char.isdigit():
            if char == "0":
                self._refuse(start, r"characters are not given by octal numbers; write \x00")
            self._refuse(
                start, "a pattern does not refer back to a group, since that takes more steps than the text is long"
            )
        if char.isascii() and char.isalpha():
            self._refuse(start, f"there is no \\{char}; \\d \\w \\s \\b are among those that there are")
        return char

    def _by_number(self, start: int, length: int) -> str:
        digits = self._source[self._place : self._place + length]
        self._place = min(self._place + length, len(self._source))
        is_hex = len(digits) == length and all(digit in "0123456789abcdefABCDEF" for digit in digits)
        if not is_hex or int(digits, 16) > 0x10FFFF:
            self._refuse(start, f"{length} hexadecimal digits of a character stand here, such as \\x41 or \\u0416")
        return chr(int(digits, 16))

    def _set(self, start: int) -> Tree:
        is_negated = self._takes("^")
        items: list[str] = []
        first = self._place
        while self._place == first or not self._takes("]"):
            if self._place >= len(self._source):
                self._place = start + 1
                self._refuse(start, r"this [ is never closed; for the character itself write \[")
            items.append(self._item())
        return Char(f"[{'^' if is_negated else ''}{''.join(items)}]")

    def _item(self) -> str:
        """One character, class or range of a set, as source of `re`."""
        start = self._place
        least = self._member()
        rest = self._source[self._place : self._place + 2]
        if len(rest) < 2 or rest[0] != "-" or rest[1] == "]":
            return least if least[1:] in _CLASSES and len(least) == 2 else re.escape(least)
        self._place += 1
        most = self._member()
        if len(least) > 1 or len(most) > 1:
            self._refuse(start, r"a range goes from one character to another; for the sign itself write \-")
        if least > most:
            self._refuse(start, "the first character of a range comes after the second")
        return f"{re.escape(least)}-{re.escape(most)}"

    def _member(self) -> str:
        """A character of a set; of a class, its two characters."""
        start = self._place
        self._place += 1
        if self._source[start] != "\\":
            return self._source[start]
        char = self._source[self._place : self._place + 1]
        if char and char in _CLASSES:
            self._place += 1
            return f"\\{char}"
        if char == "b":
            self._place += 1
            return "\b"
        return self._escaped(start)

    def _takes(self, text: str) -> bool:
        is_there = self._source.startswith(text, self._place)
        self._place += len(text) if is_there else 0
        return is_there

    def _refuse(self, start: int, reason: str) -> NoReturn:
        end = max(self._place, start + 1)
        raise SegmentError(reason, text=self._source, start=start, end=end)


def trimmed(tree: Tree) -> Tree:
    """The tree without what cannot matter to whether it matches *anywhere*: `.*a+` is `a`.

    A repetition at either end is as good with its fewest times: whatever matches with more of
    them matches with fewer, a little later or up to a little earlier.
    """
    return _trimmed(_trimmed(tree, 0), -1)


def _trimmed(tree: Tree, end: int) -> Tree:
    match tree:
        case Repeat(part=part, least=least):
            few = _times(part, least)
            return _trimmed(few, end) if least == 1 else few
        case Alternatives(parts=parts):
            return Alternatives(tuple(_trimmed(part, end) for part in parts))
        case Row(parts=parts) if parts:
            part = _trimmed(parts[end], end)
            others = parts[1:] if end == 0 else parts[:-1]
            if part == Row(()):
                return _trimmed(Row(others), end)
            return Row((part, *others) if end == 0 else (*others, part))
        case _:
            return tree


def _times(part: Tree, count: int) -> Tree:
    return Row(()) if count == 0 else part if count == 1 else Repeat(part, count, count)


def rendered(tree: Tree) -> str:
    """The tree as a pattern that `re` understands."""
    match tree:
        case Char(source=source) | At(source=source):
            return source
        case Row(parts=parts):
            return "".join(map(rendered, parts))
        case Alternatives(parts=parts):
            return f"(?:{'|'.join(map(rendered, parts))})"
        case Repeat(part=part, least=least, most=most):
            return f"(?:{rendered(part)}){{{least},{'' if most is None else most}}}"
        case _ as never:
            assert_never(never)
