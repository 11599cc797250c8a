"""Compiling: from a letter's sources to a template that is cheap to render."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from os import PathLike
from typing import TYPE_CHECKING

from mailkit.compose.branches import is_whole, makes_html
from mailkit.compose.inlining import Inliner, InlinerName, inline_once, inliner_for
from mailkit.compose.invitations import guarded
from mailkit.compose.letter import Letter
from mailkit.compose.linking import link
from mailkit.compose.links import Links
from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.compose.markup import PieceKind, pieces
from mailkit.compose.plaintext import text_template, wrap_fixed
from mailkit.compose.sources import Parts, read_parts
from mailkit.compose.templates import Template, ended
from mailkit.errors import InvalidValue, TemplateError
from mailkit.message import Attachment, Message

if TYPE_CHECKING:
    from mailkit.compose.programs import Program

__all__ = ["compile"]


def compile(  # noqa: A001 - the word of the trade; `compose.compile` is how it is called
    source: Letter | str | PathLike[str],
    *,
    subject: str = "",
    text: str | PathLike[str] | None = None,
    amp: str | PathLike[str] = "",
    calendar: str | PathLike[str] = "",
    lang: str = "",
    templates: str | PathLike[str] | None = None,
    headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
    attachments: Iterable[Attachment] = (),
    links: Links | None = None,
    fields: Iterable[str] | None = None,
    inliner: InlinerName | Inliner = "css-inline",
) -> Template:
    """Make a template, once for all readers: CSS inlined, links numbered, Jinja compiled.

    What follows for HTML is also true of MJML, which is HTML whose first element is `<mjml>`;
    it needs the extra `mjml`.

    Args:
        source: A letter; or HTML with Jinja in it; or the `Path` of a file of such HTML, in the
            encoding that it names. A file may `{% include %}` and `{% extends %}` others, whose
            names are written out and relative to its folder. A `.json` file is a letter, as
            `Letter.to_json` writes it.
        subject: For HTML: the subject, with Jinja; the `<title>` if empty.
        text: For HTML: the text part, with Jinja, or the path of its file; "" for none, made
            from the HTML if None.
        amp: For HTML: the AMP part, with Jinja, or the path of its file. It is sent as it is, between
            text and HTML: nothing is inlined, and its links are not numbered.
        calendar: For HTML: the calendar part (RFC 5545), with Jinja, or the path of its file. Values
            in it are escaped as their places want it, and long lines folded; its `METHOD` is told
            to mail clients.
        lang: For HTML: its language (RFC 5646), in which dates, amounts and plurals are
            written; what `<html lang>` says if empty.
        templates: For HTML: the folder that `{% include %}` and `{% extends %}` look into, if it
            is not that of the file. Nothing outside of it is read.
        headers: For HTML: header fields of every copy, such as Feedback-ID.
        attachments: For HTML: files and inline images of every copy. A file of one reader's own,
            such as a bill, is added to what `render` gives: `attrs.evolve(message, attachments=[…])`.
        links: Who follows the links, such as `mailkit.track.Tracker`'s placing. Each web link
            whose address is the same for all readers is offered to it.
        fields: The names of the fields that records will have. A letter that uses another one
            is then refused here and not when the first reader is rendered; fields with
            `|default(…)` or asked for by `is defined` may be absent.
        inliner: Whose second opinion is asked: "css-inline" has none, as its tree is used anyway;
            "premailer" or an `Inliner` of your own. What differs is a finding.

    Raises:
        InvalidValue: An argument is not what it should be.
        MissingExtra: It is MJML, and mrml is not installed.
        UnreadableFile: The source's file is not there, or is no text.
        TemplateError: Jinja or the inliner cannot read the source, a file that it asks for cannot
            be had, a link would run a script, or a value stands where no escaping helps: in a tag
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
    asked = inliner_for(inliner)
    known = None if fields is None else _names(fields)
    marks = Marks()
    parts = read_parts(
        source,
        marks,
        subject=subject,
        text=text,
        amp=amp,
        calendar=calendar,
        lang=lang,
        templates=templates,
        headers=headers,
        attachments=attachments,
    )
    return _Compiler(marks, links, asked, parts.lang).template(parts, known)


def _names(fields: Iterable[str]) -> frozenset[str]:
    is_row = isinstance(fields, Iterable) and not isinstance(fields, str)
    names = frozenset(fields if is_row else ())
    if not is_row or not all(isinstance(name, str) for name in names):
        raise InvalidValue("compile, fields", fields, "is not a row of names", "write ['name', 'city']")
    return names


class _Compiler:
    def __init__(self, marks: Marks, links: Links | None, asked: Inliner | None, lang: str) -> None:
        self._marks, self._links, self._asked, self._lang = marks, links, asked, lang

    def template(self, parts: Parts, fields: frozenset[str] | None) -> Template:
        linked = link(parts.html, self._marks, self._links)
        inlined = inline_once(linked.html, self._marks, self._asked)
        subject = self._program(parts.subject, "subject")
        html = self._program(ended(inlined.html), "html")
        # What is hidden, or a line of its own, is known of inlined styles alone
        text = None if inlined.per_recipient and parts.text is None else self._text(parts.text, inlined.html)
        amp = self._program(ended(link(parts.amp, self._marks, None).html), "amp") if parts.amp.strip() else None
        calendar = None
        if parts.calendar.strip():
            calendar = self._program(guarded(parts.calendar, self._marks), "calendar")
        programs = [one for one in (subject, html, text, amp, calendar) if one is not None]
        if fields is not None:
            self._check(programs, fields)
        return Template(
            subject=subject,
            html=html,
            text=text,
            has_text=parts.text != "",
            amp=amp,
            calendar=calendar,
            per_recipient=inlined.per_recipient,
            placed=linked.slots,
            tracker=self._links,
            links=linked.links,
            wanted=frozenset().union(*(one.fields for one in programs)),
            fields=frozenset().union(*(one.fields - one.assigned for one in programs)),
            findings=(*linked.findings, *inlined.findings),
            headers=parts.headers,
            attachments=parts.attachments,
            sketch=self._sketch(parts, inlined.html),
            optional=frozenset().union(*(one.optional - one.assigned for one in programs)),
            written=(parts, self._marks),
        )

    def _program(self, marked: str, part: str) -> Program:
        from mailkit.compose.programs import Program

        return Program(self._marks.emit(marked), part=part, html=part in ("html", "amp"), lang=self._lang)

    def _text(self, given: str | None, html: str) -> Program | None:
        """The text part's program; None where it must be read off each reader's HTML."""
        if given is not None:
            return self._program(given, "text")
        statements = frozenset(mark for mark in MARK.findall(html) if self._marks[mark].kind is Kind.STATEMENT)
        if any(makes_html(self._marks[mark]) for mark in MARK.findall(html)) or self._in_tags(html):
            return None
        try:
            return self._program(wrap_fixed(text_template(html, statements, spoken=self._marks.words)), "text")
        except TemplateError:  # what is left out of the text held one end of a statement
            return None

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

    def _sketch(self, parts: Parts, html: str) -> Message:
        """The letter with its fields shown as they are written."""
        subject = MARK.sub(lambda found: self._shown(found.group()), parts.subject)
        return Message(
            subject=" ".join(subject.split()),
            html=MARK.sub(lambda found: escape(self._shown(found.group())), html),
            text=MARK.sub(lambda found: self._shown(found.group()), parts.text or ""),
            headers=parts.headers,
            attachments=parts.attachments,
        )

    def _shown(self, mark: str) -> str:
        token = self._marks[mark]
        return str(token) if token.kind is Kind.EXPRESSION and "_mailkit" not in str(token) else ""
