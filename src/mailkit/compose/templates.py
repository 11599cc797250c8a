"""A compiled letter: rendered for anyone, as parts or as finished bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

import attrs

from mailkit.address import Mailbox
from mailkit.checks import check_header, line_trouble
from mailkit.compose import header, records
from mailkit.compose.bodies import Part, Whole, streamed, whole_part
from mailkit.compose.frame import frame
from mailkit.compose.inlining import inline
from mailkit.compose.invitations import folded
from mailkit.compose.linking import reader_values
from mailkit.compose.links import Link, Links
from mailkit.compose.plaintext import plain_text, tidy
from mailkit.compose.preview import Client, Preview, preview_of
from mailkit.envelope import Envelope
from mailkit.errors import HeaderError, InvalidValue, TemplateError
from mailkit.findings import Finding, findings_html
from mailkit.message import Attachment, Message, calendar_type

if TYPE_CHECKING:
    from mailkit.compose.marks import Marks
    from mailkit.compose.programs import Program
    from mailkit.compose.sources import Parts

__all__ = ["Template", "Transfer", "ended"]

Transfer = Literal["7bit", "8bit", "utf8"]
"""What the servers on the way carry: anything does 7 bits; 8 bits with 8BITMIME (RFC 6152),
UTF-8 in header fields too with SMTPUTF8 (RFC 6532)."""

_ORDER: Final = {"text": "text/plain", "amp": "text/x-amp-html", "html": "text/html", "calendar": ""}
"""The parts from the least telling to the most (RFC 2046, 5.1.4), and their types; a calendar's is its own to say."""


def ended(html: str) -> str:
    """The HTML with a line break at its end, as both transfer encodings want it."""
    return html if html.endswith("\n") else f"{html}\n"


class Template:
    """A letter that is ready to be rendered for anyone; `compile` makes it.

    It never changes, and threads may share it.

    Attributes:
        fields: The fields that records need, by their first name: of `{{ order.total }}`, `order`.
        optional: Those among them that it can do without: it has a default for them, or asks whether they are there.
        links: The letter's web links in reading order.
        findings: What is to be said about it, such as that CSS cannot be inlined once for all.
        headers: Header fields of every copy.
        attachments: Files and inline images of every copy.

    >>> from mailkit.compose import Letter, blocks as b, compile
    >>> template = compile(Letter(subject="{{ name }}, hello", blocks=[b.Text("See you in {{ city }}.")]))
    >>> sorted(template.fields)
    ['city', 'name']
    >>> template.render({"name": "O'Brien", "city": "Kazan"}).text
    'See you in Kazan.\\n'
    >>> template.render({"nane": "Anna", "city": "Kazan"})
    Traceback (most recent call last):
    mailkit.errors.UnknownField: subject, line 1: the record has no field 'name'; did you mean 'nane'?
        {{ name }}, hello
    """

    fields: frozenset[str]
    optional: frozenset[str]
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]
    written: tuple[Parts, Marks]  # what it was compiled from, for `lint`

    def __init__(
        self,
        *,
        subject: Program,
        html: Program,
        text: Program | None,
        has_text: bool,
        amp: Program | None,
        calendar: Program | None,
        per_recipient: bool,
        placed: tuple[str, ...],
        tracker: Links | None,
        links: tuple[Link, ...],
        wanted: frozenset[str],
        fields: frozenset[str],
        findings: tuple[Finding, ...],
        headers: tuple[tuple[str, str], ...],
        attachments: tuple[Attachment, ...],
        sketch: Message,
        optional: frozenset[str],
        written: tuple[Parts, Marks],
    ) -> None:
        self.fields, self.links, self.findings = fields, links, findings
        self.optional, self.written = optional, written
        self.headers, self.attachments = headers, attachments
        self._subject, self._html, self._text, self._has_text = subject, html, text, has_text
        self._amp, self._calendar = amp, calendar
        self._per_recipient, self._placed, self._tracker = per_recipient, placed, tracker
        self._sketch, self._wanted = sketch, wanted
        here = {"text": has_text, "amp": amp is not None, "html": True, "calendar": calendar is not None}
        self._names = tuple(name for name in _ORDER if here[name])
        self._frame = frame([_ORDER[name] for name in self._names], attachments)
        self._streams = self._streamed_parts()
        self._lasting_fields = self._lasting(is_utf8=False)

    def _streamed_parts(self) -> dict[str, Part]:
        """How each part is made piece by piece; empty where one of them must be seen as a whole."""
        made: dict[str, Part | None] = {"html": None}
        if not self._per_recipient:
            made["html"] = streamed(_ORDER["html"], self._html)
        if self._has_text:
            made["text"] = streamed(_ORDER["text"], self._text, is_tidy=True) if self._text else None
        if self._amp is not None:
            made["amp"] = streamed(_ORDER["amp"], self._amp)
        if self._calendar is not None:
            made["calendar"] = Whole(self._calendar, folded, calendar_type)
        parts = {name: part for name, part in made.items() if part is not None}
        return parts if len(parts) == len(made) else {}

    def render(self, record: object, *, person: int | None = None, at: datetime | None = None) -> Message:
        """The letter for one reader, as parts.

        Args:
            record: What is known of the reader: a mapping, or any object with attributes. A
                value with `__html__`, such as markupsafe's `Markup`, says itself that it is
                HTML and is put in as it is, unescaped; where such a value brings elements
                that CSS is to be inlined into, print it with `|safe`, which tells `compile`.
            person: The reader's number in tokens. With it, links that are followed lead to
                the tracker, the tracker's picture is put in, and `unsubscribe_url` is given
                unless the record has it. Without it links are as they were written.
            at: When it is sent; needed with `person`.

        Raises:
            UnknownField: The letter asks for a field that the record does not have.
            TemplateError: It cannot be rendered for another reason: a field is None or a list
                where text is meant, an address would run a script, a loop never ends, or a
                value in CSS would end the declaration in which it stands: it has one of
                `{ } ; < ( )`, a backslash or a comment's signs. (`;` may part declarations
                where whole ones are printed, as in `style="{{ looks }}"`.)
            HeaderError: The subject would have a line break.
        """
        values = self._values(record, person, at)
        subject = self._subject.text(values, record)
        try:
            check_header("Subject", subject)
        except HeaderError as error:
            raise self._blamed(error, values) from error
        texts = self._texts(values, record)
        return Message(subject=subject, headers=self.headers, attachments=self.attachments, **cast("Any", texts))

    def encode(
        self,
        record: object,
        envelope: Envelope,
        *,
        message_id: str,
        date: datetime,
        person: int | None = None,
        transfer: Transfer = "7bit",
    ) -> bytes:
        """The letter for one reader, as finished bytes (RFC 5322): the same arguments give the same bytes.

        Its parts are those that `render` gives. Lines end in CRLF and none begins with a dot.
        Lone surrogates, which are not text, become question marks.

        Args:
            record: What is known of the reader.
            envelope: From whom and to whom, with the header fields of this copy.
            message_id: The Message-ID, without angle brackets.
            date: When it is sent, aware; the `at` of its links.
            person: The reader's number in tokens, as for `render`.
            transfer: What every server on the way is known to carry. "8bit" leaves text parts as
                they are wherever their lines allow it, "utf8" header fields too. An address that
                is not ASCII is written in UTF-8 in any case, since only a server with SMTPUTF8
                takes it (`Envelope.needs_smtputf8`).

        Raises:
            UnknownField: As `render` does.
            TemplateError: As `render` does.
            HeaderError: A header field cannot be sent as it is.
            InvalidValue: `date` has no time zone, `message_id` is none, or `transfer` is another word.

        >>> from datetime import UTC
        >>> from mailkit.compose import compile
        >>> template = compile("<p>Hello, {{ name }}!</p>", subject="Hello")
        >>> raw = template.encode({"name": "Anna"}, Envelope(sender="shop@example.com", recipient="anna@example.org"),
        ...                       message_id="1@example.com", date=datetime(2026, 3, 1, tzinfo=UTC))
        >>> raw.count(b"Hello, =\\r\\nAnna=\\r\\n!")
        1
        """
        if transfer not in get_args(Transfer):
            raise InvalidValue("encode, transfer", transfer, "is not '7bit', '8bit' or 'utf8'")
        if not isinstance(envelope, Envelope):
            mend = "write template.encode(record, Envelope(sender=…, recipient=…), …)"
            raise InvalidValue("encode, envelope", envelope, "is not an Envelope", mend)
        values = self._values(record, person, date)
        subject = self._subject.text(values, record)
        parts = self._pieces(values, record) if transfer == "7bit" else None
        if parts is None:
            texts = self._texts(values, record)
            parts = {name: [_whole(name, texts[name], transfer != "7bit")] for name in self._names}
        try:
            out = self._head(envelope, subject, message_id, date, is_utf8=transfer == "utf8")
        except HeaderError as error:
            raise self._blamed(error, values) from error
        for before, name in zip(self._frame, self._names, strict=False):
            out.append(before)
            out += parts[name]
        out.append(self._frame[-1])
        return b"".join(out)

    def preview(
        self,
        record: object = None,
        *,
        client: Client = "desktop",
        sender: Mailbox | str | None = None,
        person: int | None = None,
        at: datetime | None = None,
    ) -> Preview:
        """The letter as a client shows it; it shows itself in a notebook.

        Args:
            record: For whom, as for `render`; None shows the fields as they are written.
            client: "desktop", "mobile" (375 px wide), "dark", "images off" or "text".
            sender: From whom, for the line that an inbox shows.
            person: The reader's number in tokens, as for `render`.
            at: When it is sent; needed with `person`.

        Raises:
            InvalidValue: There is no such client, or the sender is no mailbox.
            UnknownField: As `render` does.
            TemplateError: As `render` does.

        >>> from mailkit.compose import compile
        >>> style = "<style>@media (prefers-color-scheme: dark) { p { color: white } }</style>"
        >>> template = compile(f"{style}<p>Hello</p>", subject="Hello")
        >>> "@media (min-width:0px) { p" in template.preview(client="dark").html
        True
        """
        if record is not None:
            return preview_of(self.render(record, person=person, at=at), client, sender)
        return preview_of(self._sketched(), client, sender)

    def _sketched(self) -> Message:
        if self._sketch.text or not self._has_text:
            return self._sketch
        return attrs.evolve(self._sketch, text=plain_text(self._sketch.html))

    def _head(self, envelope: Envelope, subject: str, message_id: str, date: datetime, *, is_utf8: bool) -> list[bytes]:
        out = [
            header.mailbox_field("From", envelope.sender, is_utf8=is_utf8),
            header.mailbox_field("To", envelope.recipient, is_utf8=is_utf8),
        ]
        if envelope.reply_to:
            out.append(header.mailbox_field("Reply-To", envelope.reply_to, is_utf8=is_utf8))
        out += (
            header.subject_field(subject, is_utf8=is_utf8),
            header.date_field(date),
            header.message_id_field(message_id),
        )
        for name, value in envelope.headers:
            out.append(header.field(name, value, is_utf8=is_utf8))
        out.append(self._lasting(is_utf8=True) if is_utf8 else self._lasting_fields)
        return out

    def _lasting(self, *, is_utf8: bool) -> bytes:
        """The header fields of every copy."""
        fields = [header.field(name, value, is_utf8=is_utf8) for name, value in self.headers]
        return b"".join(fields) + b"MIME-Version: 1.0\r\n"

    def _blamed(self, error: HeaderError, values: Mapping[str, Any]) -> HeaderError:
        """The error, with the field of the subject that brought it."""
        if error.what != "header Subject":
            return error
        for name in sorted(self._subject.fields & values.keys()):
            if line_trouble(str(values[name])):
                mend = f"the field {name!r} brings it: take it out when the list is read"
                return HeaderError(error.what, error.given, error.reason, mend)
        return error

    def _values(self, record: object, person: int | None, at: datetime | None) -> dict[str, Any]:
        if person is not None:
            if isinstance(person, bool) or not hasattr(person, "__index__"):
                raise InvalidValue("person", person, "is not a whole number", "give the reader's number in tokens")
            if at is None:
                raise TemplateError("a letter for a person needs the time of sending: give at=…")
        return reader_values(self._tracker, person, at, self._placed) | records.values(record, self._wanted)

    def _pieces(self, values: Mapping[str, Any], record: object) -> dict[str, list[bytes]] | None:
        """Each part in encoded pieces; None where they must be made as a whole."""
        out = {}
        for name, part in self._streams.items():
            pieces = part.pieces(values, record)
            if pieces is None:
                return None
            out[name] = pieces
        return out or None

    def _texts(self, values: Mapping[str, Any], record: object) -> dict[str, str]:
        """Each part as a text."""
        html = self._html.text(values, record)
        if self._per_recipient:
            html = ended(inline(html))
        texts = {"html": html}
        if self._has_text:
            texts["text"] = tidy(self._text.text(values, record)) if self._text else plain_text(html)
        if self._amp is not None:
            texts["amp"] = self._amp.text(values, record)
        if self._calendar is not None:
            texts["calendar"] = folded(self._calendar.text(values, record))
        return texts

    def __repr__(self) -> str:
        return f"<Template fields={sorted(self.fields)} links={len(self.links)} findings={len(self.findings)}>"

    def _repr_html_(self) -> str:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in sorted(self.fields)) or "none"
        return (
            f'<div style="font:14px sans-serif">Fields: {names}. Links: {len(self.links)}.</div>'
            + (findings_html(self.findings) if self.findings else "")
            + '<iframe sandbox style="width:100%;max-width:720px;height:560px;border:1px solid #ccc;background:#fff" '
            f'title="The letter with its fields" srcdoc="{escape(self._sketch.html)}"></iframe>'
        )


def _whole(name: str, text: str, is_eight_bit: bool) -> bytes:
    return whole_part(_ORDER[name] or calendar_type(text), text, is_eight_bit=is_eight_bit)
