"""Jinja in a letter's source, held as single characters while the HTML around it is worked on.

How to think about it: `Marks.read` cuts a source into text and Jinja tags and puts one
private character, a *mark*, in place of every tag. Everything that then looks at the HTML,
escapes it, cuts it or inlines its styles sees plain text with a few odd letters in it, and
can neither damage a tag nor mistake one for HTML. `Marks.emit` turns marks back into Jinja.
Whatever looks like Jinja in the text by then was text, perhaps hidden as `&#123;&#123;`, and
is written so that Jinja prints it.

Jinja's own lexer does the cutting, so there is nothing to disagree about.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.errors import TemplateError

if TYPE_CHECKING:
    from jinja2 import TemplateSyntaxError

__all__ = ["MARK", "UNREADABLE", "Emitted", "Kind", "Marks", "Spot", "Token", "unreadable"]

UNREADABLE: Final = (SyntaxError, RecursionError, MemoryError, ValueError, OverflowError)
"""What Python raises of a template that Jinja reads and Python cannot: nested too deeply, a number too long."""

MARK: Final = re.compile("[\U000f0000-\U000ffffd]")
"""Finds a mark: one character of Unicode's plane 15, which is set aside for private use."""
_FIRST: Final = 0xF0000
_LAST: Final = 0xFFFFD
_MENDS: Final = (
    (r"got .*\0.*\{%[^%]*\{\{", "; a statement takes names without braces: {% if vip %}"),
    (r"got '}'\0.*\{\{\{", "; write two braces, {{ name }}: values are escaped by themselves"),
    (r"'&'", "; write and"),
    (r"got '\|'", "; write or"),
    (r"char '!'", "; write not"),
    (r"char '\?'", "; write {{ 'yes' if vip else 'no' }}"),
    (r"got '='|'='\0.*===", "; write == to compare"),
    (r"got ':'\0.*\|\s*\w+:", '; a filter takes its arguments in brackets: |date("dd.MM.yyyy")'),
    (r"'(?:elseif|elsif)'", "; write {% elif … %}"),
    (r"tag '(?:load|comment|csrf_token|static|url|(?:block)?trans\w*)'", "; Jinja has no such tag: leave it out"),
    (r"char '[#$@]'|'/'\0.*\{\{\s*/", "; write {{ name }}, {% if … %} and {% for … in … %}, as Jinja does"),
    (r"unexpected '}'\0.*\{\{", "; a value ends with two braces: {{ name }}"),
)
"""What is meant by what other engines, or haste, write: of the reason and the line, parted by NUL."""
_LIVE_BRACE: Final = re.compile(r"\{(?=[{%#]|\Z)")
_MOST_LINES: Final = 40_000
_MISSING_COMMENT_END: Final = "Missing end of comment tag"


class Kind(Enum):
    """What a mark stands for."""

    EXPRESSION = "expression"
    """`{{ … }}`"""
    STATEMENT = "statement"
    """`{% … %}`"""
    BLOCK = "block"
    """The beginning of a letter's block; gone before anything is rendered."""


@attrs.frozen(kw_only=True)
class Spot:
    """Where in the application's own source something stands, for errors.

    Attributes:
        part: The part of the letter, with the block if there is one.
        line: The line in it, from 1; None where the block's own text is the excerpt.
        excerpt: That line.
    """

    part: str
    line: int | None = None
    excerpt: str = ""

    def error(self, reason: str) -> TemplateError:
        """The error that says `reason` of this spot."""
        return TemplateError(reason, template=self.part, line=self.line, excerpt=self.excerpt)


@attrs.frozen(kw_only=True)
class Token:
    """One Jinja tag, or the beginning of a block.

    Attributes:
        kind: What it is.
        body: What stands between its braces, or the block's name.
        spot: Where it was written.
        written: The body as its author wrote it, where a guard was put around it; empty otherwise.
    """

    kind: Kind
    body: str
    spot: Spot
    written: str = ""

    @property
    def is_line(self) -> bool:
        """Whether it is the beginning of a file's line."""
        return self.kind is Kind.BLOCK and self.spot.line is not None

    @property
    def word(self) -> str:
        """The first word: of a statement, its name."""
        return (self.body.split(None, 1) or [""])[0]

    def __str__(self) -> str:
        if self.kind is Kind.BLOCK:
            return ""
        left, right = ("{{", "}}") if self.kind is Kind.EXPRESSION else ("{%", "%}")
        return f"{left} {self.written or self.body} {right}"


@attrs.frozen(kw_only=True)
class Emitted:
    """A Jinja source, and which tag stands on which of its lines.

    Attributes:
        source: The source. Every tag begins a line of its own, which Jinja does not print.
        lines: The first line of each tag, ascending.
        tokens: The tags, in the same order.
    """

    source: str
    lines: Sequence[int]
    tokens: Sequence[Token]

    def token_at(self, line: int | None) -> Token | None:
        """The tag that a line of the source belongs to; None before the first."""
        place = bisect_right(self.lines, line or 0)
        return self.tokens[place - 1] if place else None


# A private character in finished HTML, from a reader's data: it stands for nothing but itself.
_ITSELF: Final = Token(kind=Kind.EXPRESSION, body="", spot=Spot(part="html"))


class Marks:
    """The tags of one letter. Sources that are read by the same `Marks` can be put together.

    With `has_lines`, each line of a file begins with a mark of its own, a block without a name,
    so that whoever looks at files put together knows what came from where. Such are for reading only.
    """

    def __init__(self, *, has_lines: bool = False) -> None:
        self._tokens: list[Token] = []
        self._has_lines = has_lines

    def __getitem__(self, mark: str) -> Token:
        place = ord(mark) - _FIRST
        return self._tokens[place] if place < len(self._tokens) else _ITSELF

    def add(self, kind: Kind, body: str, spot: Spot, *, written: str = "") -> str:
        """The mark for a new tag."""
        if _FIRST + len(self._tokens) > _LAST:
            raise spot.error("the letter has more than 65,000 template tags")
        self._tokens.append(Token(kind=kind, body=body, spot=spot, written=written))
        return chr(_FIRST + len(self._tokens) - 1)

    def read(self, source: str, part: str, *, block: str = "", is_file: bool = False) -> str:
        """The source with marks in place of its tags, without its comments.

        Args:
            source: Text, HTML or both, with Jinja in it.
            part: The part of the letter, for errors.
            block: The block whose own text it is, for errors; empty for a whole source.
            is_file: Whether it may ask for other files, which `assemble` then puts in.

        Raises:
            TemplateError: Jinja cannot read it, or it asks for other files.
        """
        place = f"{part}, {block}" if block else part
        lines = source.splitlines() or [""]

        def spot(line: int) -> Spot:
            excerpt = _shown(lines[min(line, len(lines)) - 1])
            return Spot(part=place, line=None if block else line, excerpt=excerpt)

        if found := MARK.search(source):
            raise spot(source.count("\n", 0, found.start()) + 1).error(
                f"the character {found.group()!r} is for private use and may not stand in a letter"
            )
        if "{" not in source:
            plain = source.replace("\r\n", "\n").replace("\r", "\n")
            return self._lined(plain, 1, spot) if is_file else plain
        return self._read(source, spot, is_file=is_file)

    def _read(self, source: str, spot: Callable[[int], Spot], *, is_file: bool) -> str:
        from jinja2 import TemplateSyntaxError

        from mailkit.compose.sandbox import environment, other_file, refused

        jinja = environment(html=True)
        try:
            tree = jinja.parse(source)
            unwanted = refused(tree) if "mailkit" in source or "autoescape" in source else None
        except TemplateSyntaxError as error:
            where = spot(error.lineno)
            raise where.error(_reason(error, where.excerpt)) from error
        except UNREADABLE as error:
            raise Spot(part=spot(1).part).error(unreadable(error)) from error
        if not is_file and (line := other_file(tree)):
            raise spot(line).error("include, import and extends are for HTML and MJML sources alone")
        if unwanted:
            raise spot(unwanted[0]).error(unwanted[1])
        out: list[str] = []
        body: list[str] = []
        for line, kind, text in jinja.lex(source):
            if kind == "data":
                out.append(self._lined(text, line, spot) if is_file else text)
            elif kind in ("variable_begin", "block_begin"):
                body.clear()
            elif kind in ("variable_end", "block_end"):
                sort = Kind.EXPRESSION if kind == "variable_end" else Kind.STATEMENT
                out.append(self.add(sort, "".join(body).strip(), spot(line)))
            else:
                body.append(text)
        return "".join(out)

    def _lined(self, text: str, line: int, spot: Callable[[int], Spot]) -> str:
        """Text of a file, with a mark before each of its lines if that is wanted."""
        if not self._has_lines or len(self._tokens) + text.count("\n") > _MOST_LINES:
            return text
        cut = text.split("\n")
        return "\n".join(self.add(Kind.BLOCK, "", spot(line + place)) + one for place, one in enumerate(cut))

    def without_lines(self, marked: str) -> str:
        """The text without the marks of its lines."""
        if not self._has_lines:
            return marked
        return MARK.sub(lambda found: "" if self[found.group()].is_line else found.group(), marked)

    def words(self, marked: str) -> str:
        """The text with its tags as they are written: for people, not for Jinja."""
        return MARK.sub(lambda found: str(self[found.group()]), marked)

    def emit(self, marked: str) -> Emitted:
        """The text as a Jinja source."""
        out: list[str] = []
        lines: list[int] = []
        tokens: list[Token] = []
        line, start = 1, 0
        for found in MARK.finditer(marked):
            text = marked[start : found.start()]
            token = self[found.group()]
            left, right = ("{{", "}}") if token.kind is Kind.EXPRESSION else ("{%", "%}")
            out += (_quiet(text), f"{left}\n{token.body}\n{right}")
            line += text.count("\n") + 1
            lines.append(line)
            tokens.append(token)
            line += token.body.count("\n") + 1
            start = found.end()
        out.append(_quiet(marked[start:]))
        return Emitted(source="".join(out), lines=lines, tokens=tokens)


def _quiet(text: str) -> str:
    """Text that Jinja prints as it is; a brace at the end might meet one that opens a tag."""
    return _LIVE_BRACE.sub("{{ '{' }}", text)


def unreadable(error: Exception) -> str:
    """What is wrong with a template of which Python raised one of `UNREADABLE`."""
    if isinstance(error, SyntaxError | RecursionError | MemoryError):
        return "this is nested too deeply; put less {% if %} and {% for %} inside of each other"
    return "a number is written with more digits than any has"


def _reason(error: TemplateSyntaxError, line: str) -> str:
    text = (error.message or "this cannot be read").rstrip(".")
    if text == _MISSING_COMMENT_END:
        return "a comment that begins with {# has no end; in CSS, put a space between { and #"
    text = text[:1].lower() + text[1:]
    return text + next((mend for pattern, mend in _MENDS if re.search(pattern, f"{text}\0{line}")), "")


def _shown(line: str) -> str:
    line = line.strip()
    return line if len(line) <= 120 else f"{line[:117]}…"
