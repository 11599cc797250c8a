"""Where in a letter's HTML a reader's data may stand, and what is put around it there.

How to think about it. Jinja escapes `& < > " '`. That is enough in text and inside quotes, and
nowhere else. So unquoted values get quotes; an address is looked at when it is rendered,
since its scheme may come from the data; so is what goes into CSS. Where no look helps,
inside a tag's name, between attributes and in scripts, the letter is refused when compiled.

All of this is about values. What an author marks as `|safe`, or a record gives as an object
with `__html__`, is taken as the author's own HTML and CSS.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from mailkit.compose.addresses import address, is_fixed, running_scheme, scheme_of
from mailkit.compose.branches import is_whole
from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.markup import Attribute, Piece, PieceKind, attributes, pieces, replaced

__all__ = ["Guard"]

_PICTURES: Final = frozenset({"src", "background", "poster"})
_ADDRESSES: Final = _PICTURES | {"href", "action", "formaction", "xlink:href"}
_CONDITIONAL: Final = re.compile(r"(<!--\[if[^\]]*\]>)(.*?)((?:<!\[endif\])?--!?>|\Z)", re.DOTALL)
_TAG_OF_MARKS: Final = re.compile(rf"</?{MARK.pattern}[^<>]*|\A</?[a-zA-Z].*", re.DOTALL)
# HTML, 4.2.5.3: "5; url=…", and "5 …" too
_REFRESH: Final = re.compile(r"\s*[\d.]*[\s;,]*(?:url\s*=\s*)?[\"']?(.*)", re.IGNORECASE | re.DOTALL)
_FRAMES: Final = frozenset({"object", "iframe", "frame", "embed"})
"""Elements that open what they are given as a document, also a picture that has scripts in it."""
_ANIMATED: Final = frozenset({"animate", "set"})
_CHANGES: Final = frozenset({"to", "from", "by", "values"})
_SCRIPT_IN_CSS: Final = re.compile(r"url\(\s*[\"']?\s*((?:java|vb)script:)", re.IGNORECASE)
_CANDIDATES: Final = re.compile(r"(,\s+|\A\s*)")  # of srcset; a comma within an address has no blank after it

_IN_A_TAG: Final = (
    "a value may not stand in a tag outside of an attribute's quotes, since it could add attributes; "
    'write it as title="{{ … }}", choose between attributes with {% if %}, or write &lt; if no tag is meant'
)
_IN_A_SCRIPT: Final = "a value may not stand in a script, which it could rewrite; no mail client runs one, leave it out"
_UNASKED: Final = "a value may not stand in <meta http-equiv>, which may open an address unasked; write it out"
_UNQUOTED: Final = "a value beside {% … %} outside of quotes could add attributes; put quotes around it"


class Guard:
    """Guards a letter's pieces, which are given in their order.

    Attributes:
        block: Which block of the letter they stand in, for errors; empty for an HTML source.
    """

    def __init__(self, marks: Marks) -> None:
        self.block = ""
        self._marks = marks
        self._is_data = False  # whether the last <script> holds data, as Gmail's JSON-LD

    def piece(self, piece: Piece) -> str:
        """The piece with its guards.

        Raises:
            TemplateError: A value stands where it could run or add something, or an address
                would run a script.
        """
        match piece.kind:
            case PieceKind.TEXT:
                for found in _TAG_OF_MARKS.finditer(piece.text):
                    self._refuse(found.group(), _IN_A_TAG)
                return piece.text
            case PieceKind.CLOSE:
                self._refuse(piece.text, _IN_A_TAG)
                return piece.text
            case PieceKind.OPEN:
                return self._tag(piece)
            case PieceKind.RAW:
                return self._raw(piece)
            case _:
                return _CONDITIONAL.sub(self._outlook, piece.text)

    def _outlook(self, found: re.Match[str]) -> str:
        """A conditional comment, which is HTML to Outlook for Windows."""
        return found[1] + "".join(self.piece(inner) for inner in pieces(found[2])) + found[3]

    def _raw(self, piece: Piece) -> str:
        if piece.name == "style":
            self._check_css(piece.text)
            return MARK.sub(lambda found: self._css(found.group(), is_declaration=False), piece.text)
        if piece.name == "script" and not self._is_data:
            self._refuse(piece.text, _IN_A_SCRIPT)
        return piece.text

    def _tag(self, piece: Piece) -> str:
        given = attributes(piece.text)
        outside, start = "", 0
        for one in given:
            outside += piece.text[start : one.start]
            start = one.end
        self._refuse(outside + piece.text[start:], _IN_A_TAG)
        if piece.name == "script":
            self._refuse(piece.text, _IN_A_SCRIPT)
            self._is_data = any(one.name == "type" and one.value.strip().lower().endswith("json") for one in given)
        is_refresh = piece.name == "meta" and any("http-equiv" in one.name for one in given)
        changes: list[tuple[Attribute, str]] = []
        for one in given:
            value = self._value(piece.name, one, is_refresh=is_refresh)
            # Quotes around what a value could break out of; none around statements, which may be
            # those of whole attributes: `<td {% if a %}bgcolor=red{% endif %} title="b">`
            if MARK.search(value) and (one.is_quoted or not self._statements(value)):
                changes.append((one, value))
        return replaced(piece.text, changes)

    def _value(self, tag: str, given: Attribute, *, is_refresh: bool) -> str:
        names = {*MARK.split(given.name), MARK.sub("", given.name)}
        value = given.value
        if not given.is_quoted and self._statements(value):
            self._refuse(value, _UNQUOTED)
        if "srcdoc" in names or any(name.startswith("on") for name in names):
            self._refuse(value, _IN_A_SCRIPT)
        if tag in _ANIMATED and names & _CHANGES:
            self._refuse(value, _IN_A_SCRIPT)
            for one in unescape(value).split(";"):
                self._check_fixed(one, picture=False)
        if names & _ADDRESSES or (tag == "object" and "data" in names):
            return self._address(value, picture=names.isdisjoint(_ADDRESSES - _PICTURES) and tag not in _FRAMES)
        if "srcset" in names:
            each = [value] if self._statements(value) else _CANDIDATES.split(value)
            return "".join(self._address(one, picture=True) for one in each)
        if is_refresh and names & {"content", "http-equiv"}:
            self._refuse(value, _UNASKED)
            found = _REFRESH.match(unescape(value)) if "content" in names else None
            return self._address(value, picture=False, target=found[1]) if found else value
        if "style" in names:
            self._check_css(unescape(value))
            return self._style(value)
        return value

    def _check_css(self, css: str) -> None:
        """Refuse an address in CSS that ran a script once."""
        if found := _SCRIPT_IN_CSS.search(css):
            raise self._spot().error(f"CSS has an address with the scheme {found[1]}, which no letter may")

    def _statements(self, text: str) -> list[str]:
        return [mark for mark in MARK.findall(text) if self._marks[mark].kind is Kind.STATEMENT]

    def _refuse(self, text: str, reason: str) -> None:
        """Refuse a value anywhere in the text."""
        for mark in MARK.findall(text):
            if self._marks[mark].kind is Kind.EXPRESSION:
                raise self._marks[mark].spot.error(reason)

    def _style(self, value: str) -> str:
        def guarded(found: re.Match[str]) -> str:
            before = unescape(MARK.sub("", value[: found.start()])).rpartition(";")[2]
            return self._css(found.group(), is_declaration=":" not in before)

        return MARK.sub(guarded, value)

    def _css(self, mark: str, *, is_declaration: bool) -> str:
        token = self._marks[mark]
        if token.kind is not Kind.EXPRESSION:
            return mark
        return self._around(mark, f"_mailkit_css({is_declaration})")

    def _around(self, mark: str, guard: str) -> str:
        token = self._marks[mark]
        return self._marks.add(Kind.EXPRESSION, f"({token.body})|{guard}", token.spot, written=token.body)

    def _address(self, value: str, *, picture: bool, target: str = "") -> str:
        """The address with a guard on whatever might settle its scheme when it is rendered."""
        self._check_fixed(target or value, picture=picture)
        marks = MARK.findall(value)
        if is_fixed(MARK.split(value)[0]) or not any(self._marks[mark].kind is Kind.EXPRESSION for mark in marks):
            return value
        if not self._statements(value):
            return self._guarded(value, picture=picture)
        spot = self._marks[marks[0]].spot
        if not is_whole(self._marks[mark] for mark in marks):
            raise spot.error("an address holds one end of a statement; begin and end {% … %} inside of its quotes")
        written = tuple(dict.fromkeys(found for one in self._stretches(value) if (found := scheme_of(one))))
        begin = self._marks.add(Kind.STATEMENT, f"filter _mailkit_url('', True, {picture}, '', {written})", spot)
        return f"{begin}{value}{self._marks.add(Kind.STATEMENT, 'endfilter', spot)}"

    def _check_fixed(self, value: str, *, picture: bool) -> None:
        """Refuse an unsafe scheme that the author wrote, also one that stands between statements."""
        stretches = self._stretches(value)
        first, *later = (MARK.sub("", one) for one in stretches)
        for stretch in (MARK.sub("", "".join(stretches)), *(later if not is_fixed(first) else ())):
            scheme = running_scheme(stretch, picture=picture)
            if scheme:
                found = MARK.search(value)
                spot = self._marks[found.group()].spot if found else self._spot()
                shown = self._marks.words(value)[:60]
                raise spot.error(f"the address {shown!r} has the scheme {scheme}, which no letter may")

    def _stretches(self, value: str) -> list[str]:
        """What stands between the statements of an address."""
        stretches = [""]
        for part in re.split(f"({MARK.pattern})", value):
            if MARK.fullmatch(part) and self._marks[part].kind is Kind.STATEMENT:
                stretches.append("")
            else:
                stretches[-1] += part
        return stretches

    def _guarded(self, value: str, *, picture: bool) -> str:
        prefix, out = "", []
        parts = re.split(f"({MARK.pattern})", value)
        for place, part in enumerate(parts):
            is_mark = bool(MARK.fullmatch(part))
            if is_mark and not is_fixed(prefix):
                then = scheme_of(parts[place + 1])
                guard = f"_mailkit_url({address(prefix)!r}, {part == value}, {picture}, {then!r})"
                out.append(self._around(part, guard))
                prefix = prefix or "…"
            else:
                out.append(part)
                prefix += "" if is_mark else part
        return "".join(out)

    def _spot(self) -> Spot:
        return Spot(part=f"html, {self.block}" if self.block else "html")
