"""A letter that is ready to be looked at or sent, for one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.checks import headers, one_line
from mailkit.errors import HeaderError, InvalidValue

if TYPE_CHECKING:
    from email.message import EmailMessage

    from mailkit.envelope import Envelope

__all__ = ["Attachment", "Message"]

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")
_CONTENT_ID: Final = re.compile(r"[^\s<>]+\Z")
_OWN_PLACE: Final = {
    "from": "Envelope.sender",
    "to": "Envelope.recipient",
    "reply-to": "Envelope.reply_to",
    "return-path": "Envelope.return_path",
    "subject": "Message.subject",
    "date": "the argument `date`",
    "message-id": "the argument `message_id`",
    "mime-version": "nowhere: it is always 1.0",
    "content-type": "Message.html, Message.text or Message.attachments",
    "content-transfer-encoding": "nowhere: it is chosen by the content",
}


@attrs.frozen(kw_only=True)
class Attachment:
    """A file that travels with a letter.

    Attributes:
        filename: The name that the reader sees.
        content: The file.
        content_type: Its media type, `type/subtype`.
        content_id: For an image inside the letter: the name by which the HTML calls it,
            as in `<img src="cid:logo">`; empty for a file of its own.

    >>> Attachment(filename="terms.pdf", content=b"%PDF-", content_type="application/pdf").is_inline
    False
    """

    filename: str = attrs.field(validator=one_line)
    content: bytes = attrs.field(repr=lambda content: f"<{len(content)} bytes>")
    content_type: str = attrs.field(default="application/octet-stream")
    content_id: str = attrs.field(default="")

    @content.validator
    def _check_content(self, attribute: object, value: bytes) -> None:
        if not isinstance(value, bytes):
            raise InvalidValue("Attachment.content", value, "is not bytes", "read the file in binary mode")

    @content_type.validator
    def _check_type(self, attribute: object, value: str) -> None:
        if not _MEDIA_TYPE.match(value):
            raise InvalidValue("Attachment.content_type", value, "is not a media type", "write e.g. 'application/pdf'")

    @content_id.validator
    def _check_id(self, attribute: object, value: str) -> None:
        if value and not _CONTENT_ID.match(value):
            raise InvalidValue("Attachment.content_id", value, "contains blanks or angle brackets")

    @property
    def is_inline(self) -> bool:
        """Whether it is shown inside the letter."""
        return bool(self.content_id)


def _attachments(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    return tuple(value)


@attrs.frozen(kw_only=True)
class Message:
    """A letter's parts, finished for one person.

    Attributes:
        subject: The subject as people read it: one line, no HTML.
        html: The HTML part; empty if there is none.
        text: The plain text part; empty if there is none.
        headers: Header fields beyond those that the envelope and the parts give.
        attachments: Files, and images inside the HTML.

    >>> Message(subject="Hello", text="Hello, Anna!").subject
    'Hello'
    >>> Message(subject="Hello\\nBcc: everyone@example.com", text="…")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Message.subject: 'Hello\\nBcc: everyone@example.com' contains a line break ...
    """

    subject: str = attrs.field(validator=one_line)
    html: str = ""
    text: str = ""
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)

    @headers.validator
    def _check_headers(self, attribute: object, value: tuple[tuple[str, str], ...]) -> None:
        for name, text in value:
            place = _OWN_PLACE.get(name.lower())
            if place:
                raise HeaderError(f"header {name}", text, "has a place of its own", f"give it as {place}")

    def to_mime(self, envelope: Envelope, *, message_id: str, date: datetime) -> EmailMessage:
        """The letter as the standard library's object, for mailers that want one.

        `compose.Template.encode` makes finished bytes far faster.

        Args:
            envelope: From whom and to whom, with the header fields of this copy.
            message_id: The Message-ID, without angle brackets.
            date: When it is sent.
        """
        from email.message import EmailMessage
        from email.policy import SMTP
        from email.utils import format_datetime

        mime = EmailMessage(policy=SMTP.clone(utf8=envelope.needs_smtputf8))
        mime["From"] = str(envelope.sender)
        mime["To"] = str(envelope.recipient)
        if envelope.reply_to:
            mime["Reply-To"] = str(envelope.reply_to)
        mime["Subject"] = self.subject
        mime["Date"] = format_datetime(date)
        mime["Message-ID"] = f"<{message_id}>"
        for name, value in (*envelope.headers, *self.headers):
            mime[name] = value
        if self.text or not self.html:
            mime.set_content(self.text, charset="utf-8")
        if self.html:
            add_html = mime.add_alternative if self.text else mime.set_content
            add_html(self.html, subtype="html", charset="utf-8")
            self._attach_inline(mime)
        for attachment in self.attachments:
            if not attachment.is_inline:
                kind, _, subtype = attachment.content_type.partition("/")
                mime.add_attachment(attachment.content, kind, subtype, filename=attachment.filename)
        return mime

    def _attach_inline(self, mime: EmailMessage) -> None:
        body = mime.get_body(("html",))
        for attachment in self.attachments:
            if attachment.is_inline and body is not None:
                kind, _, subtype = attachment.content_type.partition("/")
                body.add_related(
                    attachment.content, kind, subtype, cid=f"<{attachment.content_id}>", filename=attachment.filename
                )

    def _repr_html_(self) -> str:
        shown = self.html or f"<pre>{escape(self.text)}</pre>"
        return (
            f'<div style="font:14px sans-serif"><strong>{escape(self.subject)}</strong></div>'
            f'<iframe sandbox style="width:100%;max-width:720px;height:560px;border:1px solid #ccc;background:#fff" '
            f'title="{escape(self.subject)}" srcdoc="{escape(shown)}"></iframe>'
        )
