"""CSS cut into rules and declarations, as a browser cuts it (CSS Syntax 3, section 5).

Every part knows where it stands, so that a style sheet can be edited and all that nobody
touched stays as it was written. What a browser drops as malformed is left out here too.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

__all__ = ["IDENT", "Block", "Declaration", "bare", "closing", "declarations", "members", "rules", "unescaped"]

_ESCAPED: Final = r"\\(?:[0-9a-fA-F]{1,6}\s?|[^\n0-9a-fA-F])"
IDENT: Final = rf"(?:--|-?(?:[a-zA-Z_\x80-\U0010ffff]|{_ESCAPED}))(?:[-\w\x80-\U0010ffff]|{_ESCAPED})*+"
"""A name in CSS, with its escapes, as a regular expression."""
_SIGN: Final = re.compile(
    r"""
      (?P<comment> /\*.*?(?:\*/|\Z) )
    | (?P<string> "(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z) | '(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\Z) )
    | (?P<url> (?<![\w-])url\(\s*+(?!["'])(?:[^)\\]|\\.)*+(?:\)|\Z) )
    | (?P<escape> \\. )
    | (?P<html> <!-- | --> )
    | [{}()\[\];!,]
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_BLANK: Final = re.compile(r"[ \t\r\n\f]*+")
_NAME: Final = re.compile(rf"({IDENT})(?:\s|/\*.*?\*/)*+:", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(\n)|(.))", re.DOTALL)
_AT: Final = re.compile(r"@-?[a-zA-Z_]")
_AT_NAME: Final = re.compile(r"@([-\w]+)")
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*\Z", re.IGNORECASE)
_OPENER: Final = re.compile(r"[\"'(\[{]|/\*")
_CLOSER: Final = {"{": "}", "(": ")", "[": "]"}


@attrs.frozen(eq=False)
class Declaration:
    """`name: value`, perhaps important.

    Attributes:
        name: The property, in small letters unless it is a custom one.
        value: Its value, without `!important` and comments.
        is_important: Whether it is `!important`.
        start: Where it begins.
        end: Where its value ends, before `!important`.
        stop: Where it ends, before the semicolon.
    """

    name: str
    value: str
    is_important: bool
    start: int
    end: int
    stop: int


@attrs.frozen(eq=False)
class Block:
    """A rule or an at-rule.

    Attributes:
        head: What stands before the brace, without comments.
        items: What stands inside of the braces; empty for an at-rule that has none.
        start: Where it begins.
        head_end: Where its head ends.
        end: Where it ends, behind the closing brace or semicolon.
    """

    head: str
    items: tuple[Block | Declaration, ...]
    start: int
    head_end: int
    end: int

    @property
    def at(self) -> str:
        """The name of an at-rule in small letters; empty for a rule."""
        found = _AT_NAME.match(self.head)
        return found[1].lower() if found else ""

    @property
    def prelude(self) -> str:
        """What an at-rule says after its name, with single spaces."""
        return " ".join(self.head[len(self.at) + 1 :].split())


def rules(css: str) -> tuple[Block, ...]:
    """The rules of a style sheet.

    >>> [rule.head for rule in rules("p { color: red } @media print { p { top: 0 } }")]
    ['p', '@media print']
    """
    reader = _Reader(css)
    return tuple(item for item in reader.items(0, 0, len(reader.signs), is_sheet=True) if isinstance(item, Block))


def declarations(css: str) -> tuple[Declaration, ...]:
    """The declarations of a `style` attribute.

    >>> [(one.name, one.value, one.is_important) for one in declarations("COLOR: red; top 1px; margin: 0 ! important")]
    [('color', 'red', False), ('margin', '0', True)]
    """
    reader = _Reader(css)
    items = reader.items(0, 0, len(reader.signs), has_rules=False)
    return tuple(item for item in items if isinstance(item, Declaration))


def closing(css: str) -> str:
    """What ends all that declarations leave open: a browser ends it where the attribute ends.

    >>> closing("background: url('a.png"), closing("color: red")
    ("')", '')
    """
    if not _OPENER.search(css):
        return ""
    reader = _Reader(css)
    open_ = [reader.signs[i][0] for i, pair in enumerate(reader.pairs) if pair == len(reader.signs)]
    return reader.unended() + "".join(_CLOSER[sign] for sign in reversed(open_))


def bare(css: str) -> str:
    """CSS without its comments."""
    if "/*" not in css:
        return css
    return _SIGN.sub(lambda found: "" if found.lastgroup == "comment" else found.group(), css)


def unescaped(text: str) -> str:
    """A name or the inside of a string, without its escapes.

    >>> unescaped(r"w-1\\/2 \\31 0off")
    'w-1/2 10off'
    """
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda one: _letter(int(one[1], 16)) if one[1] else "" if one[2] else one[3], text)


def _letter(code: int) -> str:
    is_letter = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_letter else "\N{REPLACEMENT CHARACTER}"


def members(heads: str) -> list[str]:
    """The parts between the commas of a list.

    >>> members("a, b:is(c, d)")
    ['a', ' b:is(c, d)']
    """
    if "," not in heads:
        return [heads]
    reader = _Reader(heads)
    found, start, i = [], 0, 0
    while i < len(reader.signs):
        sign, begin, end = reader.signs[i]
        if sign == ",":
            found.append(heads[start:begin])
            start = end
        i = reader.after(i)
    return [*found, heads[start:]]


class _Reader:
    """The signs of a text, and the parts that they make.

    Attributes:
        signs: Brackets, semicolons and the like, with where they begin and end; of a string, an
            address or a comment the kind.
        pairs: For each sign the number of the one that closes it; -1 if it opens nothing.
    """

    def __init__(self, css: str) -> None:
        self._css = css
        self.signs = [(one.lastgroup or one.group(), one.start(), one.end()) for one in _SIGN.finditer(css)]
        self.pairs = [-1] * len(self.signs)
        open_: list[int] = []
        for i, (sign, _, _) in enumerate(self.signs):
            if sign in _CLOSER:
                self.pairs[i] = len(self.signs)
                open_.append(i)
            elif open_ and sign == _CLOSER[self.signs[open_[-1]][0]]:
                self.pairs[open_.pop()] = i

    def after(self, i: int) -> int:
        """The number of the sign behind one, and behind all that it opens."""
        return max(self.pairs[i], i) + 1

    def unended(self) -> str:
        """What ends a string, an address or a comment at the end of the text."""
        kind, start, end = self.signs[-1] if self.signs else ("", 0, 0)
        text = self._css[start:]
        if end < len(self._css):
            return ""
        if kind == "comment":
            return "" if len(text) > 3 and text.endswith("*/") else "*/"
        if kind == "url":
            return "" if text.endswith(")") and not text.endswith("\\)") else ")"
        return "" if kind != "string" or self._is_whole(len(self.signs) - 1) else text[0]

    def _is_whole(self, i: int) -> bool:
        """Whether a string ends with its quote."""
        _, start, end = self.signs[i]
        text = self._css[start:end]
        slashes = len(text[:-1]) - len(text[:-1].rstrip("\\"))
        return len(text) > 1 and text[-1] == text[0] and slashes % 2 == 0

    def items(
        self, i: int, place: int, stop: int, *, is_sheet: bool = False, has_rules: bool = True
    ) -> list[Block | Declaration]:
        """The parts from sign `i` and place `place` on, up to sign `stop`."""
        found: list[Block | Declaration] = []
        end = self.signs[stop][1] if stop < len(self.signs) else len(self._css)
        skipped = ("comment", "html") if is_sheet else ("comment", ";")
        while True:
            place = _BLANK.match(self._css, place).end()  # type: ignore[union-attr]
            if i < stop and self.signs[i][1] == place and self.signs[i][0] in skipped:
                place, i = self.signs[i][2], i + 1
                continue
            if place >= end:
                return found
            item: Block | Declaration | None = None
            if _AT.match(self._css, place):
                item, i, place = self._block(i, place, stop, ends_at_semicolon=True)
            else:
                name = None if is_sheet else _NAME.match(self._css, place, end)
                if name:
                    item, after = self._declaration(i, name, stop, end)
                    if after is not None:
                        i, place = after
                if name is None or after is None:
                    if not has_rules:
                        i, place = self._skipped(i, place, stop, end)
                        continue
                    item, i, place = self._block(i, place, stop, ends_at_semicolon=not is_sheet)
            if item is not None:
                found.append(item)

    def _skipped(self, i: int, place: int, stop: int, end: int) -> tuple[int, int]:
        """What follows the next semicolon."""
        while i < stop and (self.signs[i][1] < place or self.signs[i][0] != ";"):
            i = self.after(i)
        return (i + 1, self.signs[i][2]) if i < stop else (i, end)

    def _block(self, i: int, start: int, stop: int, *, ends_at_semicolon: bool) -> tuple[Block | None, int, int]:
        """The rule that begins at a place; what follows it as sign and place."""
        end = self.signs[stop][1] if stop < len(self.signs) else len(self._css)
        while i < stop:
            sign, begin, after = self.signs[i]
            if sign == "{":
                pair = min(self.pairs[i], stop)
                items = self.items(i + 1, after, pair)
                last = self.signs[pair][2] if pair < len(self.signs) and pair < stop else end
                head = bare(self._css[start:begin]).strip()
                return Block(head, tuple(items), start, begin, last), pair + (pair < stop), last
            if sign == ";" and ends_at_semicolon:
                head = bare(self._css[start:begin]).strip()
                is_at = head.startswith("@")
                return (Block(head, (), start, after, after) if is_at else None), i + 1, after
            i = self.after(i)
        head = bare(self._css[start:end]).strip()
        return (Block(head, (), start, end, end) if head.startswith("@") else None), stop, end

    def _declaration(
        self, i: int, name: re.Match[str], stop: int, end: int
    ) -> tuple[Declaration | None, tuple[int, int] | None]:
        """The declaration after its name and colon, None if malformed; what follows it, None if it is a rule."""
        while i < stop and self.signs[i][1] < name.end():
            i += 1
        is_custom, is_good = name[1].startswith("--"), True
        bangs = 0
        while i < stop and self.signs[i][0] != ";":
            sign, _, after = self.signs[i]
            if sign == "{" and not is_custom:
                return None, None
            bangs += sign == "!"
            torn = sign == "string" and not self._is_whole(i) and after < len(self._css)
            is_good = is_good and sign not in ("}", ")", "]") and not torn
            i = self.after(i)
        i = min(i, stop)
        last = self.signs[i][1] if i < stop else end
        text = self._css[name.end() : last]
        important = _IMPORTANT.search(bare(text))
        value = bare(text)[: important.start() if important else None].strip()
        following = (i + 1, self.signs[i][2]) if i < stop else (i, last)
        if not is_good or bangs > bool(important) or not (value or is_custom):
            return None, following
        written = _IMPORTANT.search(text)
        value_end = name.end() + len((text[: written.start()] if written else text).rstrip())
        stop_at = name.end() + len(text.rstrip())
        clean = " ".join(value.split()) if "\n" in value else value
        label = unescaped(name[1]) if is_custom else unescaped(name[1]).lower()
        return Declaration(label, clean, bool(important), name.start(), value_end, stop_at), following
