"""A letter that is ready to be looked at or sent, for one person."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Final

import attrs

from mailkit import checks
from mailkit.checks import headers, one_line
from mailkit.clock import utc
from mailkit.errors import HeaderError, InvalidValue

if TYPE_CHECKING:
    from email.message import EmailMessage

    from mailkit.envelope import Envelope

__all__ = ["Attachment", "Message"]

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]{1,200}\Z")


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
        if not isinstance(value, str) or not _MEDIA_TYPE.match(value):
            raise InvalidValue("Attachment.content_type", value, "is not a media type", "write e.g. 'application/pdf'")
        if value.startswith(("multipart/", "message/")):  # RFC 2045, 6.4: they may not be encoded, as a file is
            raise InvalidValue(
                "Attachment.content_type", value, "cannot be a file", "attach it as application/octet-stream"
            )

    @content_id.validator
    def _check_id(self, attribute: object, value: str) -> None:
        if value != "" and not (isinstance(value, str) and _CONTENT_ID.match(value)):
            reason = "is not ASCII of at most 200 characters without blanks and angle brackets"
            raise InvalidValue("Attachment.content_id", value, reason)

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
    html: str = attrs.field(default="", validator=checks.text)
    text: str = attrs.field(default="", validator=checks.text)
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)

    @attachments.validator
    def _check_attachments(self, attribute: object, value: tuple[Attachment, ...]) -> None:
        for one in value:
            if not isinstance(one, Attachment):
                raise InvalidValue("Message.attachments", one, "is not an Attachment")

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

        checks.check_message_id("message_id", message_id)
        mime = EmailMessage(policy=SMTP.clone(utf8=envelope.needs_smtputf8))
        fields = [("From", str(envelope.sender)), ("To", str(envelope.recipient)), ("Subject", self.subject)]
        fields += [("Reply-To", str(envelope.reply_to))] if envelope.reply_to else []
        fields += [("Date", format_datetime(utc(date, what="date"))), ("Message-ID", f"<{message_id}>")]
        for name, value in (*fields, *envelope.headers, *self.headers):
            try:
                mime[name] = value
            except ValueError as error:  # fields that may stand once only
                raise HeaderError(f"header {name}", value, "cannot be sent", str(error)) from error
        if self.text or not self.html:
            mime.set_content(_sendable(self.text), charset="utf-8")
        if self.html:
            add_html = mime.add_alternative if self.text else mime.set_content
            add_html(_sendable(self.html), subtype="html", charset="utf-8")
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


def _sendable(text: str) -> str:
    """The text with what is no character (half of a surrogate pair) replaced, as `Template.encode` does."""
    return text.encode("utf-8", "replace").decode("utf-8")
