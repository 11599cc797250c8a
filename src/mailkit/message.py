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
from mailkit.errors import HeaderError, InvalidValue, shorten

if TYPE_CHECKING:
    from email.message import EmailMessage

    from mailkit.envelope import Envelope

__all__ = ["Attachment", "Message", "calendar_type"]

_MESSAGE: Final = "message/rfc822"
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z")
_METHOD: Final = re.compile(r"^METHOD:([A-Z-]+)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_UNSENDABLE: Final = re.compile(rb"[^\r\n]{999}|^\.|[\0\x80-\xff]|\r(?!\n)|(?<!\r)\n", re.MULTILINE)
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]{1,200}\Z")


_TYPES: Final = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "gif": "image/gif",
    "gz": "application/gzip",
    "ics": "text/calendar",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "pkpass": "application/vnd.apple.pkpass",
    "png": "image/png",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "vcf": "text/vcard",
    "webp": "image/webp",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}
"""IANA's media types by the endings of names: a table of our own, since what `mimetypes` knows differs by machine.
Text is in it only where UTF-8 is its usual encoding (RFC 5545, 6350, 7111)."""


def _guessed_type(filename: str) -> str:
    return _TYPES.get(filename.rpartition(".")[2].lower(), "application/octet-stream")


def _file_name(instance: object, attribute: object, value: str) -> None:
    one_line(instance, attribute, value)
    name = value.replace("\\", "/").rpartition("/")[2]
    if name != value:
        mend = f"write {name!r}" if name else "leave the slash out"
        raise InvalidValue("Attachment.filename", value, "is a path, which readers need not see", mend)


@attrs.frozen(kw_only=True)
class Attachment:
    """A file that travels with a letter.

    Attributes:
        filename: The name that the reader sees.
        content: The file.
        content_type: Its media type, `type/subtype`; what the name's ending says if empty, else
            `application/octet-stream`. A `message/rfc822` travels as it is (RFC 2046,
            5.2.1), so it must be ASCII, its lines ended by CRLF and none of them begun by a dot.
        content_id: For an image inside the letter: the name by which the HTML calls it,
            as in `<img src="cid:logo">`; empty for a file of its own.

    >>> Attachment(filename="terms.pdf", content=b"%PDF-").content_type
    'application/pdf'
    """

    filename: str = attrs.field(validator=_file_name)
    content: bytes = attrs.field(repr=lambda content: f"<{len(content)} bytes>")
    content_type: str = attrs.field(default="")
    content_id: str = attrs.field(default="")

    def __attrs_post_init__(self) -> None:
        if not self.content_type:  # not attrs' default, since JSON keeps apart what was given
            object.__setattr__(self, "content_type", _guessed_type(self.filename))

    @content.validator
    def _check_content(self, attribute: object, value: bytes) -> None:
        if not isinstance(value, bytes):
            raise InvalidValue("Attachment.content", value, "is not bytes", "read the file in binary mode")

    @content_type.validator
    def _check_type(self, attribute: object, value: str) -> None:
        if value == "":
            return
        if not isinstance(value, str) or not _MEDIA_TYPE.match(value):
            raise InvalidValue("Attachment.content_type", value, "is not a media type", "write e.g. 'application/pdf'")
        mend = "attach it as application/octet-stream"
        if value.startswith(("multipart/", "message/")) and value != _MESSAGE:
            raise InvalidValue("Attachment.content_type", value, "cannot be a file", mend)  # RFC 2045, 6.4
        if value == _MESSAGE and _UNSENDABLE.search(self.content):
            reason = "cannot be carried as it is: it has other signs than ASCII, or lines too long or begun by a dot"
            raise InvalidValue("Attachment.content", self.content[:40], reason, mend)

    @content_id.validator
    def _check_id(self, attribute: object, value: str) -> None:
        if value != "" and not (isinstance(value, str) and _CONTENT_ID.match(value)):
            reason = "is not ASCII of at most 200 characters without blanks and angle brackets"
            raise InvalidValue("Attachment.content_id", value, reason)
        if value[:4].lower() == "cid:":  # RFC 2392, 2: the scheme by which HTML calls it
            raise InvalidValue("Attachment.content_id", value, "begins with cid:", f"write {value[4:]!r}")

    @property
    def is_message(self) -> bool:
        """Whether it is a whole message, which mail clients open as one."""
        return self.content_type == _MESSAGE

    @property
    def is_inline(self) -> bool:
        """Whether it is shown inside the letter."""
        return bool(self.content_id)


def _attachments(value: Iterable[Attachment]) -> tuple[Attachment, ...]:
    if isinstance(value, Attachment) or not isinstance(value, Iterable):
        raise InvalidValue("attachments", value, "is not a row of attachments", "put it into [ ]")
    return tuple(value)


@attrs.frozen(kw_only=True)
class Message:
    """A letter's parts, finished for one person.

    Attributes:
        subject: The subject as people read it: one line, no HTML.
        html: The HTML part; empty if there is none.
        text: The plain text part; empty if there is none.
        amp: The AMP part (text/x-amp-html), which Gmail, Mail.ru and Yahoo show in place of the HTML
            if the sender is registered with them; empty if there is none.
        calendar: The calendar part, such as an invitation (RFC 5545); empty if there is none.
        headers: Header fields beyond those that the envelope and the parts give.
        attachments: Files, and images inside the HTML.

    >>> Message(subject="Hello", text="Hello, Anna!").subject
    'Hello'
    >>> Message(subject="Hello\\nBcc: everyone@example.com", text="…")
    Traceback (most recent call last):
    mailkit.errors.InvalidValue: Message.subject: 'Hello\\nBcc: everyone@example.com' contains a line break ...
    """

    subject: str = attrs.field(validator=one_line)
    html: str = attrs.field(default="", validator=checks.text, repr=shorten)
    text: str = attrs.field(default="", validator=checks.text, repr=shorten)
    amp: str = attrs.field(default="", validator=checks.text, repr=shorten)
    calendar: str = attrs.field(default="", validator=checks.text, repr=shorten)
    headers: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=headers)
    attachments: tuple[Attachment, ...] = attrs.field(default=(), converter=_attachments)

    @attachments.validator
    def _check_attachments(self, attribute: object, value: tuple[Attachment, ...]) -> None:
        for one in value:
            if not isinstance(one, Attachment):
                raise InvalidValue("Message.attachments", one, "is not an Attachment")

    def to_mime(self, envelope: Envelope, *, message_id: str, date: datetime) -> EmailMessage:
        """The letter as the standard library's object, for mailers that want one.

        `compose.Template.encode` makes finished bytes far faster. Lone surrogates, which are not
        text, become question marks here and there.

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
                mime[name] = _sendable(value)
            except ValueError as error:  # fields that may stand once only
                raise HeaderError(f"header {name}", value, "cannot be sent", str(error)) from error
        if self.text or not self.html:
            mime.set_content(_sendable(self.text), charset="utf-8")
        self._add_alternatives(mime)
        for attachment in self.attachments:
            if not attachment.is_inline:
                _attach(mime, attachment)
        return mime

    def _add_alternatives(self, mime: EmailMessage) -> None:
        has_some = bool(self.text) or not self.html
        for subtype, content in (("x-amp-html", self.amp), ("html", self.html), ("calendar", self.calendar)):
            if content:
                add = mime.add_alternative if has_some else mime.set_content
                method = calendar_type(content).partition("method=")[2] if subtype == "calendar" else ""
                add(_sendable(content), subtype=subtype, charset="utf-8", params={"method": method} if method else {})
                has_some = True
            if content and subtype == "html":
                self._attach_inline(mime)

    def _attach_inline(self, mime: EmailMessage) -> None:
        body = mime.get_body(("html",))
        for attachment in self.attachments:
            if attachment.is_inline and body is not None:
                kind, _, subtype = attachment.content_type.partition("/")
                name = _sendable(attachment.filename)
                body.add_related(attachment.content, kind, subtype, cid=f"<{attachment.content_id}>", filename=name)

    def _repr_html_(self) -> str:
        shown = self.html or f"<pre>{escape(self.text)}</pre>"
        return (
            f'<div style="font:14px sans-serif"><strong>{escape(self.subject)}</strong></div>'
            f'<iframe sandbox style="width:100%;max-width:720px;height:560px;border:1px solid #ccc;background:#fff" '
            f'title="{escape(self.subject)}" srcdoc="{escape(shown)}"></iframe>'
        )


def calendar_type(text: str) -> str:
    """The media type of a finished calendar, with the method that it names (RFC 6047, 2.4).

    >>> calendar_type("BEGIN:VCALENDAR\\nMETHOD:REQUEST\\nEND:VCALENDAR\\n")
    'text/calendar; method=REQUEST'
    """
    found = _METHOD.search(text)
    return f"text/calendar; method={found[1].upper()}" if found else "text/calendar"


def _attach(mime: EmailMessage, attachment: Attachment) -> None:
    if attachment.is_message:
        from email import message_from_bytes
        from email.policy import SMTP

        mime.add_attachment(
            message_from_bytes(attachment.content, policy=SMTP), filename=_sendable(attachment.filename)
        )
        return
    kind, _, subtype = attachment.content_type.partition("/")
    mime.add_attachment(attachment.content, kind, subtype, filename=_sendable(attachment.filename))


def _sendable(text: str) -> str:
    """The text with what is no character (half of a surrogate pair) replaced, as `Template.encode` does."""
    return text.encode("utf-8", "replace").decode("utf-8")
