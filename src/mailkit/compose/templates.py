"""A compiled letter: rendered for anyone, as parts or as finished bytes."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

from mailkit.checks import check_header
from mailkit.compose import header, records
from mailkit.compose.encode import Body, Frame, frame
from mailkit.compose.inlining import Inliner, inline
from mailkit.compose.linking import reader_values
from mailkit.compose.links import Link, Links
from mailkit.compose.plaintext import plain_text, tidy
from mailkit.envelope import Envelope
from mailkit.findings import Finding, findings_html
from mailkit.message import Attachment, Message

if TYPE_CHECKING:
    from mailkit.compose.programs import Program

__all__ = ["Template", "ended"]


def ended(html: str) -> str:
    """The HTML with a line break at its end, as both transfer encodings want it."""
    return html if html.endswith("\n") else f"{html}\n"


class Template:
    """A letter that is ready to be rendered for anyone; `compile` makes it.

    It never changes, and threads may share it.

    Attributes:
        fields: The fields that records need, by their first name: of `{{ order.total }}`, `order`.
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
    links: tuple[Link, ...]
    findings: tuple[Finding, ...]
    headers: tuple[tuple[str, str], ...]
    attachments: tuple[Attachment, ...]

    def __init__(
        self,
        *,
        subject: Program,
        html: Program,
        text: Program | None,
        has_text: bool,
        html_body: Body,
        text_body: Body,
        inliner: Inliner | None,
        placed: tuple[str, ...],
        tracker: Links | None,
        links: tuple[Link, ...],
        wanted: frozenset[str],
        fields: frozenset[str],
        findings: tuple[Finding, ...],
        headers: tuple[tuple[str, str], ...],
        attachments: tuple[Attachment, ...],
        preview: str,
    ) -> None:
        self.fields, self.links, self.findings = fields, links, findings
        self.headers, self.attachments = headers, attachments
        self._subject, self._html, self._text = subject, html, text
        self._html_body, self._text_body = html_body, text_body if has_text else None
        self._inliner, self._placed, self._tracker = inliner, placed, tracker
        self._preview, self._wanted = preview, wanted
        self._frame: Frame = frame(self._text_body, html_body, attachments)
        self._lasting_fields = b"".join(header.field(name, value) for name, value in headers) + b"MIME-Version: 1.0\r\n"

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
        check_header("Subject", subject)
        html = self._html_chunks(values, record)
        return Message(
            subject=subject,
            html="".join(html),
            text=self._text_of(values, record, html),
            headers=self.headers,
            attachments=self.attachments,
        )

    def encode(
        self,
        record: object,
        envelope: Envelope,
        *,
        message_id: str,
        date: datetime,
        person: int | None = None,
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

        Raises:
            UnknownField: As `render` does.
            TemplateError: As `render` does.
            HeaderError: A header field cannot be sent as it is.

        >>> from datetime import UTC
        >>> from mailkit.compose import compile
        >>> template = compile("<p>Hello, {{ name }}!</p>", subject="Hello")
        >>> raw = template.encode({"name": "Anna"}, Envelope(sender="shop@example.com", recipient="anna@example.org"),
        ...                       message_id="1@example.com", date=datetime(2026, 3, 1, tzinfo=UTC))
        >>> raw.count(b"Hello, =\\r\\nAnna=\\r\\n!")
        1
        """
        values = self._values(record, person, date)
        html = self._html_chunks(values, record)
        head = [
            header.mailbox_field("From", envelope.sender),
            header.mailbox_field("To", envelope.recipient),
            header.mailbox_field("Reply-To", envelope.reply_to) if envelope.reply_to else b"",
            header.subject_field(self._subject.text(values, record)),
            header.date_field(date),
            header.message_id_field(message_id),
            *(header.field(name, value) for name, value in envelope.headers),
            self._lasting_fields,
        ]
        text = b""
        if self._text_body is not None:
            text = self._text_body.encode(self._text_of(values, record, html).splitlines(keepends=True))
        around = self._frame
        return b"".join(
            (*head, around.before_text, text, around.before_html, self._html_body.encode(html), around.after)
        )

    def _values(self, record: object, person: int | None, at: datetime | None) -> dict[str, Any]:
        return reader_values(self._tracker, person, at, self._placed) | records.values(record, self._wanted)

    def _html_chunks(self, values: dict[str, Any], record: object) -> list[str]:
        chunks = self._html.chunks(values, record)
        if self._inliner is None:
            return chunks
        return [ended(inline("".join(chunks), inliner=self._inliner))]

    def _text_of(self, values: dict[str, Any], record: object, html: list[str]) -> str:
        if self._text_body is None:
            return ""
        if self._text is None:
            return plain_text("".join(html))
        return tidy(self._text.text(values, record))

    def __repr__(self) -> str:
        return f"<Template fields={sorted(self.fields)} links={len(self.links)} findings={len(self.findings)}>"

    def _repr_html_(self) -> str:
        names = ", ".join(f"<code>{escape(name)}</code>" for name in sorted(self.fields)) or "none"
        return (
            f'<div style="font:14px sans-serif">Fields: {names}. Links: {len(self.links)}.</div>'
            + (findings_html(self.findings) if self.findings else "")
            + '<iframe sandbox style="width:100%;max-width:720px;height:560px;border:1px solid #ccc;background:#fff" '
            f'title="The letter with its fields" srcdoc="{escape(self._preview)}"></iframe>'
        )
