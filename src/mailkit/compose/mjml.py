"""MJML made into HTML by mrml, with Jinja carried through.

How to think about it. mrml reads a tree of components and computes with some of their
attributes. So a tag is masked by a word where text may stand, by an `<mj-raw>` or a comment with
that word between components, and refused where nothing could stand for it. A word may come out
several times, as a button's address does; one that does not come out at all was computed with,
and is an error. What mrml passes over in silence, such as unknown components, is refused too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import count
from typing import Final

from mailkit.compose.branches import is_whole
from mailkit.compose.marks import MARK, Kind, Marks, Spot
from mailkit.compose.markup import VOID, Attribute, Piece, PieceKind, attributes, pieces, replaced
from mailkit.compose.nesting import DEEPEST
from mailkit.errors import TemplateError, did_you_mean
from mailkit.extras import load

__all__ = ["is_mjml", "mjml_to_html"]

_BETWEEN: Final = {
    **dict.fromkeys(("mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"), "raw"),
    **dict.fromkeys(("mj-navbar", "mj-accordion"), "comment"),
}
"""By what a tag is masked between the components inside of another; there is no way in the others."""
_HTML: Final = frozenset(
    {"mj-text", "mj-button", "mj-table", "mj-raw", "mj-style", "mj-title", "mj-preview", "mj-navbar-link"}
    | {"mj-accordion-title", "mj-accordion-text", "mj-social-element"}
)
"""The components that hold text or HTML and no other components."""
_KNOWN: Final = frozenset(
    {"mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-accordion-element", "mj-image"}
    | {"mj-divider", "mj-social", "mj-spacer", *_BETWEEN, *_HTML}
)
_UNKNOWN_TO_MRML: Final = frozenset({"mj-carousel", "mj-carousel-image", "mj-html-attributes", "mj-selector"})
_ENTITIES: Final = re.compile(r"<!doctype[^>]*(?:\[|<!entity)|<!entity", re.IGNORECASE)
_POSITION: Final = re.compile(r" at position (\d+):\d+")
_INLINE: Final = re.compile(r"\sinline\s*=\s*([\"']?)inline\1", re.IGNORECASE)
_LANG: Final = re.compile(r"[a-zA-Z0-9-]+\Z")


def is_mjml(marked: str) -> bool:
    """Whether a source is MJML: its first element is `<mjml>`.

    >>> is_mjml("<!-- ours --> <mjml><mj-body></mj-body></mjml>"), is_mjml("<p>&lt;mjml&gt;</p>")
    (True, False)
    """
    return next((piece.name for piece in pieces(marked) if piece.kind is PieceKind.OPEN), "") == "mjml"


def mjml_to_html(marked: str, marks: Marks, *, part: str, lang: str = "") -> str:
    """The HTML of an MJML source, both with marks.

    `<mj-style inline="inline">` is inlined later, with all other styles.

    Args:
        marked: The source, as `marks.read` and `assemble` give it.
        marks: The letter's tags.
        part: What the source is called in errors.
        lang: The letter's language, if `<mjml lang>` does not say it.

    Raises:
        MissingExtra: mrml is not installed.
        TemplateError: It is no MJML, has a component that mrml does not know, or a tag stands
            where it cannot be carried through.
    """
    mrml = load("mrml", extra="mjml", purpose="MJML letters")
    source = _Source(marked, marks, part, lang)
    masked = source.masked()
    try:
        html = str(mrml.to_html(masked).content)
    except OSError as error:
        raise source.explained(str(error), masked) from error
    except BaseException as error:  # what Rust's panics become is no Exception, and has no importable name
        if type(error).__name__ != "PanicException":
            raise
        raise source.explained(f"mrml broke down: {error}", masked) from error
    return source.unmasked(html)


class _Source:
    def __init__(self, marked: str, marks: Marks, part: str, lang: str) -> None:
        self._marked, self._marks, self._part, self._lang = marked, marks, part, lang
        self._prefix = next(name for i in count() if (name := f"mkj{i or ''}q") not in marked.lower())
        self._seen: list[str] = []
        self._outside: list[str] = []
        self._open: list[Piece] = []
        self._components: set[str] = set()
        self._settings: dict[int, str] = {}

    def masked(self) -> str:
        """The source for mrml."""
        masked = "".join(self._written()).encode("utf-8", "replace").decode()
        if "mj-body" not in self._components:
            raise Spot(part=self._part).error("this MJML has no <mj-body>, and so nothing to send")
        return masked

    def _written(self) -> Iterator[str]:
        position = 0
        for piece in pieces(self._marked):
            self._check(piece, position)
            if not self._open and piece.name != "mjml":
                self._stand_outside(piece)
            elif piece.kind is PieceKind.OPEN:
                yield self._tag(piece, position)
            elif piece.text.strip() and self._is_verbatim(piece):
                yield self._mask(piece.text)
            elif self._holds_html() or not MARK.search(piece.text):
                text = MARK.sub(self._word, piece.text)
                # mrml 0.2.4 dies of a > in text that follows another alphabet
                yield text.replace(">", "&gt;") if piece.kind is PieceKind.TEXT else text
            elif piece.kind is PieceKind.COMMENT:
                yield "".join(self._between(mark) for mark in self._statements(piece.text))
            else:
                yield MARK.sub(lambda found: self._between(found.group()), piece.text)
            self._follow(piece)
            position += len(piece.text)

    def _stand_outside(self, piece: Piece) -> None:
        """What stands around `<mjml>`, such as `{% set … %}`, comes to stand before the HTML."""
        self._outside += self._statements(piece.text)
        for mark in MARK.findall(piece.text) if piece.kind is PieceKind.TEXT else ():
            if mark not in self._outside:
                raise self._marks[mark].spot.error("a value stands outside of <mjml>, where nothing is shown")

    def _statements(self, text: str) -> list[str]:
        """The statements in a text: some write them into comments, for the sake of other programs."""
        return [mark for mark in MARK.findall(text) if self._marks[mark].kind is Kind.STATEMENT]

    def _is_verbatim(self, piece: Piece) -> bool:
        """Whether mrml has nothing to do but to put a piece into its HTML."""
        if piece.kind is PieceKind.TEXT:
            return self._open[-1].name == "mj-style"
        return piece.kind is PieceKind.RAW or (piece.kind is PieceKind.COMMENT and self._holds_html())

    def _holds_html(self) -> bool:
        return any(piece.name in _HTML for piece in self._open)

    def _follow(self, piece: Piece) -> None:
        if piece.kind is PieceKind.OPEN and piece.name not in VOID and not piece.text.endswith("/>"):
            self._open.append(piece)
        elif piece.kind is PieceKind.CLOSE and self._open and self._open[-1].name == piece.name:
            self._open.pop()

    def _check(self, piece: Piece, position: int) -> None:
        """Refuse what mrml passes over in silence, or dies of."""
        if piece.kind is PieceKind.COMMENT and _ENTITIES.match(piece.text):
            raise self._spot(position).error("mrml does not read entities of one's own; write their text instead")
        if piece.kind is PieceKind.CLOSE and not self._open:
            raise self._spot(position).error(f"{piece.text} ends nothing")
        if piece.kind is not PieceKind.OPEN:
            return
        if not any(one.name == "mj-attributes" for one in self._open):
            self._components.add(piece.name)
        if not self._open and (piece.name != "mjml" or MARK.sub("", self._marked[:position]).count("<mjml")):
            raise self._spot(position).error(f"<{piece.name}> stands outside of <mjml>")
        if len(self._open) > DEEPEST:
            raise self._spot(position).error(f"elements inside of each other more than {DEEPEST} deep")
        if piece.name == "mj-include":
            raise self._spot(position).error(
                "mj-include is not read here; write {% include 'header.mjml' %}, which compile(Path(…)) puts in"
            )
        if piece.name in _UNKNOWN_TO_MRML:
            raise self._spot(position).error(f"mrml, which reads MJML here, has no <{piece.name}>")
        if piece.name.startswith("mj-") and piece.name not in _KNOWN:
            raise self._spot(position).error(f"MJML has no <{piece.name}>{did_you_mean(piece.name, _KNOWN)}")

    def _word(self, found: re.Match[str]) -> str:
        return self._mask(found.group())

    def _mask(self, masked: str) -> str:
        """A word in place of a mark, or of a piece that holds some."""
        self._seen.append(masked)
        return f"{self._prefix}{len(self._seen) - 1}z"

    def _between(self, mark: str) -> str:
        parent = self._open[-1].name
        way = _BETWEEN.get(parent)
        if way is None:
            reason = f"a tag cannot stand between the elements inside of <{parent}>"
            mend = "write it inside of their text" + (f", or around <{parent}>" if self._open[1:] else "")
            raise self._marks[mark].spot.error(f"{reason}; {mend}")
        return f"<mj-raw>{self._mask(mark)}</mj-raw>" if way == "raw" else f"<!--{self._mask(mark)}-->"

    def _tag(self, piece: Piece, position: int) -> str:
        tag, changes = piece.text, list[tuple[Attribute, str]]()
        for one in attributes(tag):
            found = [self._marks[mark] for mark in MARK.findall(one.value)]
            if found and not is_whole(found):
                raise found[0].spot.error(
                    "an attribute holds one end of a statement; begin and end it inside of the quotes"
                )
            if found and self._open and self._open[-1].name == "mj-attributes":
                self._settings.update(dict.fromkeys(range(len(self._seen), len(self._seen) + len(found)), piece.name))
            if found:
                changes.append((one, MARK.sub(self._word, one.value)))
        tag = replaced(tag, changes)
        if stray := MARK.search(tag):
            raise self._marks[stray.group()].spot.error(
                'in MJML a tag stands inside of an attribute\'s quotes; write e.g. color="{% if … %}…{% endif %}"'
            )
        if piece.name == "mj-style":
            return _INLINE.sub("", tag)
        if piece.name == "mjml" and _LANG.match(self._lang) and not any(one.name == "lang" for one in attributes(tag)):
            return f'<mjml lang="{self._lang}"{tag[5:]}'
        return tag

    def unmasked(self, html: str) -> str:
        """What mrml made, with all marks back."""
        words = re.compile(rf"<!--{self._prefix}(\d+)z-->|{self._prefix}(\d+)z")
        came: set[int] = set()

        def real(found: re.Match[str]) -> str:
            number = int(found[1] or found[2])
            came.add(number)
            return self._seen[number]

        html = words.sub(real, html)
        for number, mark in enumerate(self._seen):
            # What <mj-attributes> says of components that the letter has none of says nothing.
            is_said = self._settings.get(number, "mj-all") in {"mj-all", "mj-class", *self._components}
            if is_said and number not in came:
                raise self._spot(self._marked.index(mark)).error(
                    "MJML computes with this, or leaves it out, and so it must be the same for every reader"
                )
        return "".join(self._outside) + html

    def explained(self, reason: str, masked: str) -> TemplateError:
        """What mrml says is wrong, with the line if it can be found."""
        if (unclosed := self._unclosed()) is not None:
            return unclosed
        found = _POSITION.search(reason)
        if found:
            before = masked.encode()[: int(found[1])].decode("utf-8", "ignore")
            words = re.findall(rf"{self._prefix}(\d+)z", before)
            start = self._marked.index(self._seen[int(words[-1])]) + 1 if words else 0
            tail = before.rpartition(f"{self._prefix}{words[-1]}z")[2] if words else before
            for _ in range(tail.count("\n")):
                start = self._marked.index("\n", start) + 1
            return self._spot(start).error(f"this is no MJML: {reason[: found.start()]}")
        return Spot(part=self._part).error(f"this is no MJML: {reason}")

    def _unclosed(self) -> TemplateError | None:
        """The error for the first element that has no end, which mrml says nothing of."""
        stack: list[tuple[Piece, int]] = []
        position = 0
        for piece in pieces(self._marked):
            if piece.kind is PieceKind.OPEN and piece.name not in VOID and not piece.text.endswith("/>"):
                stack.append((piece, position))
            elif piece.kind is PieceKind.CLOSE and stack and stack[-1][0].name == piece.name:
                stack.pop()
            elif piece.kind is PieceKind.CLOSE:
                break
            position += len(piece.text)
        if not stack:
            return None
        return self._spot(stack[-1][1]).error(f"<{stack[-1][0].name}> has no end; MJML needs one, as XML does")

    def _spot(self, position: int) -> Spot:
        """The place in the author's source of a place in the marked one, whose tags have lost their line breaks."""
        marks = [found.start() for found in MARK.finditer(self._marked)]
        last = bisect_right(marks, position) - 1
        part, line, start = self._part, 1, 0
        if last >= 0:
            token = self._marks[self._marked[marks[last]]]
            part, line, start = token.spot.part, token.spot.line or 1, marks[last]
            line += token.body.count("\n") if position > start else 0
        line += self._marked.count("\n", start, position)
        text = self._marked[position:].lstrip().partition("\n")[0]
        return Spot(part=part, line=line, excerpt=self._marks.words(text)[:120])
