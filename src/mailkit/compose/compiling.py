"""Compiling: from a letter's sources to a template that is cheap to render."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape, unescape
from typing import TYPE_CHECKING

import attrs

from mailkit.compose.encode import Body
from mailkit.compose.inlining import Inliner, InlinerName, inline_once, inliner_for
from mailkit.compose.layout import lay_out
from mailkit.compose.letter import Letter
from mailkit.compose.linking import link
from mailkit.compose.links import Links
from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.compose.markup import PieceKind, pieces
from mailkit.compose.masking import is_whole, makes_html
from mailkit.compose.plaintext import text_template, tidy, wrap_fixed
from mailkit.compose.templates import Template, ended
from mailkit.errors import InvalidValue, TemplateError
from mailkit.message import Attachment

if TYPE_CHECKING:
    from mailkit.compose.programs import Program

__all__ = ["compile"]


def compile(  # noqa: A001 - the word of the trade; `compose.compile` is how it is called
    source: Letter | str,
    *,
    subject: str = "",
    text: str | None = None,
    links: Links | None = None,
    fields: Iterable[str] | None = None,
    inliner: InlinerName | Inliner = "css-inline",
) -> Template:
    """Make a template, once for all readers: CSS inlined, links numbered, Jinja compiled.

    Args:
        source: A letter, or HTML with Jinja in it.
        subject: For HTML: the subject, with Jinja; the `<title>` if empty.
        text: For HTML: the text part, with Jinja; "" for none, made from the HTML if None.
        links: Who follows the links, such as `mailkit.track.Tracker`'s placing. Each web link
            whose address is the same for all readers is offered to it.
        fields: The names of the fields that records will have. A letter that uses another one
            is then refused here and not when the first reader is rendered; fields with
            `|default(…)` or asked for by `is defined` may be absent.
        inliner: "css-inline", "premailer" or an `Inliner` of your own.

    Raises:
        InvalidValue: An argument is not what it should be.
        TemplateError: Jinja or the inliner cannot read the source, it asks for another file,
            a link would run a script, or a value stands where no escaping helps: in a tag
            outside of an attribute's quotes, or in a script.
        UnknownField: It uses a field that is not among `fields`.

    >>> template = compile("<title>For {{ name }}</title><style>p { color: red }</style><p>Hello, {{ name }}!</p>")
    >>> template.render({"name": "Anna"}).subject
    'For Anna'
    >>> compile("<p>Hello, {{ nmae }}</p>", subject="Hello", fields=["name", "city"])
    Traceback (most recent call last):
    mailkit.errors.UnknownField: html, line 1: the record has no field 'nmae'; did you mean 'name'?
        <p>Hello, {{ nmae }}</p>
    """
    backend = inliner_for(inliner)
    known = None if fields is None else _names(fields)
    marks = Marks()
    if isinstance(source, Letter):
        if subject or text is not None:
            raise InvalidValue("compile", subject or text, "is given beside a Letter", "say it in the letter")
        layout = lay_out(source, marks)
        parts = _Sources(subject=layout.subject, html=layout.html, text=None)
        headers, attachments = source.headers, source.attachments
    elif isinstance(source, str):
        for what, given in (("subject", subject), ("text", text or "")):
            if not isinstance(given, str):
                raise InvalidValue(f"compile, {what}", given, "is not text")
        parts = _html_sources(source, subject, text, marks)
        headers, attachments = (), ()
    else:
        raise InvalidValue("compile", source, "is neither a Letter nor HTML", "read a file with Path.read_text")
    return _Compiler(marks, links, backend).template(parts, known, headers, attachments)


def _names(fields: Iterable[str]) -> frozenset[str]:
    is_row = isinstance(fields, Iterable) and not isinstance(fields, str)
    names = frozenset(fields if is_row else ())
    if not is_row or not all(isinstance(name, str) for name in names):
        raise InvalidValue("compile, fields", fields, "is not a row of names", "write ['name', 'city']")
    return names


@attrs.frozen(kw_only=True)
class _Sources:
    """A letter's parts with marks; `text` is None where it follows from the HTML."""

    subject: str
    html: str
    text: str | None


def _html_sources(source: str, subject: str, text: str | None, marks: Marks) -> _Sources:
    if not source.strip():
        raise TemplateError("the source is empty", template="html")
    html = marks.read(source, "html")
    if subject.strip():
        marked = marks.read(" ".join(subject.split()), "subject")
    else:
        titles = (one.text for one in pieces(html) if one.kind is PieceKind.RAW and one.name == "title")
        marked = " ".join(unescape(next(titles, "")).split())
    if not marked:
        raise TemplateError("there is no subject: give subject=…, or put a <title> into the HTML", template="subject")
    return _Sources(subject=marked, html=ended(html), text=None if text is None else marks.read(text, "text"))


def _fixed_lines(text: str) -> Iterable[str]:
    """The lines of a text part that are the same for every reader."""
    return (line for line in tidy(text).splitlines(keepends=True) if not MARK.search(line))


class _Compiler:
    def __init__(self, marks: Marks, links: Links | None, backend: Inliner) -> None:
        self._marks, self._links, self._backend = marks, links, backend

    def template(
        self,
        parts: _Sources,
        fields: frozenset[str] | None,
        headers: tuple[tuple[str, str], ...],
        attachments: tuple[Attachment, ...],
    ) -> Template:
        linked = link(parts.html, self._marks, self._links)
        inlined = inline_once(linked.html, self._marks, self._backend)
        subject = self._program(parts.subject, "subject")
        html = self._program(ended(inlined.html), "html")
        text, text_source = self._text(parts.text, linked.html)
        programs = [one for one in (subject, html, text) if one is not None]
        if fields is not None:
            self._check(programs, fields)
        return Template(
            subject=subject,
            html=html,
            text=text,
            has_text=parts.text != "",
            html_body=Body("html", MARK.sub("", inlined.html), html.constants),
            text_body=Body("plain", MARK.sub("", text_source), _fixed_lines(text_source)),
            inliner=self._backend if inlined.per_recipient else None,
            placed=linked.slots,
            tracker=self._links,
            links=linked.links,
            wanted=frozenset().union(*(one.fields for one in programs)),
            fields=frozenset().union(*(one.fields - one.assigned for one in programs)),
            findings=(*linked.findings, *inlined.findings),
            headers=headers,
            attachments=attachments,
            preview=self._preview(inlined.html),
        )

    def _program(self, marked: str, part: str) -> Program:
        from mailkit.compose.programs import Program

        return Program(self._marks.emit(marked), part=part, html=part == "html")

    def _text(self, given: str | None, html: str) -> tuple[Program | None, str]:
        """The text part's program, None where it must be read off each reader's HTML; and its text."""
        if given is not None:
            return self._program(given, "text"), given
        statements = frozenset(mark for mark in MARK.findall(html) if self._marks[mark].kind is Kind.STATEMENT)
        source = wrap_fixed(text_template(html, statements))
        if any(makes_html(self._marks[mark]) for mark in MARK.findall(html)) or self._in_tags(html):
            return None, source
        try:
            return self._program(source, "text"), source
        except TemplateError:  # what is left out of the text held one end of a statement
            return None, source

    def _in_tags(self, html: str) -> bool:
        """Whether what stands inside a tag matters outside of it, where the text part has no tags."""
        for piece in pieces(html):
            if piece.kind in (PieceKind.OPEN, PieceKind.CLOSE) and MARK.search(piece.text):
                tokens = [self._marks[mark] for mark in MARK.findall(piece.text)]
                if any(token.kind is Kind.STATEMENT and token.word == "set" for token in tokens) or not is_whole(
                    tokens
                ):
                    return True
        return False

    def _check(self, programs: list[Program], known: frozenset[str]) -> None:
        if self._links is not None:
            known |= {"unsubscribe_url"}
        optional = frozenset().union(*(one.optional for one in programs))
        for program in programs:
            for field in sorted(program.fields - known - optional):
                raise program.unknown(field, sorted(known))

    def _preview(self, html: str) -> str:
        """The HTML with its fields shown as they are written."""
        return MARK.sub(lambda found: self._shown(found.group()), html)

    def _shown(self, mark: str) -> str:
        token = self._marks[mark]
        return escape(str(token)) if token.kind is Kind.EXPRESSION and "_mailkit" not in str(token) else ""
