"""Between finished bytes and Django's messages, in both directions."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed
from email.message import Message
from email.mime.base import MIMEBase
from email.utils import parsedate_to_datetime
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives

from mailkit.address import Mailbox
from mailkit.clock import Clock
from mailkit.envelope import Envelope
from mailkit.send.jobs import Job
from mailkit.send.lines import crlf, message_id

__all__ = ["FinishedMessage", "finished", "jobs_of"]

_MADE_ANEW: Final = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "dkim-signature",
        "reply-to",
    }
)
"""What a message has a place of its own for, what a service makes anew, and what would no longer be true."""


class _Exact(Message):
    """A parsed message that gives back the very bytes that it was parsed from: signatures hold."""

    exact = b""
    linesep = "\n"

    def as_bytes(self, unixfrom: bool = False, policy: Any = None, linesep: str | None = None) -> bytes:
        """The bytes, with the line breaks that are asked for."""
        end = linesep or (policy.linesep if policy is not None else self.linesep)
        return self.exact if end == "\r\n" else self.exact.replace(b"\r\n", b"\n")

    def as_string(self, unixfrom: bool = False, *args: Any, **options: Any) -> str:
        """The text; bytes that are no UTF-8 are replaced."""
        return self.as_bytes().decode("utf-8", "replace")


class FinishedMessage(EmailMultiAlternatives):  # type: ignore[misc]
    """A letter for backends that want a message, and for those that want its bytes.

    Attributes:
        exact: The finished bytes.
    """

    exact = b""

    def message(self, *, policy: Any = None) -> _Exact:
        """The message as it is, for backends that send bytes."""
        parsed = message_from_bytes(self.exact, _Exact)
        parsed.exact = self.exact
        parsed.linesep = policy.linesep if policy is not None else "\n"
        return parsed


def finished(envelope: Envelope, raw: bytes, *, is_sent_as_bytes: bool) -> FinishedMessage:
    """A letter as a message of Django's, to the envelope's recipient alone.

    Args:
        envelope: From whom and to whom.
        raw: The finished bytes.
        is_sent_as_bytes: Whether the backend sends the bytes, and takes the message's sender for the return path.
    """
    parsed: Any = message_from_bytes(raw, policy=policy.default)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    message = FinishedMessage(
        subject=str(parsed["Subject"] or "").replace("\r", "").replace("\n", ""),
        body=_text(plain),
        from_email=str(envelope.return_path if is_sent_as_bytes else envelope.sender),
        to=[str(envelope.recipient)],
        reply_to=[str(envelope.reply_to)] if envelope.reply_to else [],
        headers={name: str(value) for name, value in parsed.items() if name.lower() not in _MADE_ANEW},
    )
    message.extra_headers["Message-ID"] = f"<{message_id(raw)}>"
    message.exact = crlf(raw)
    message.envelope_sender = None if envelope.return_path is None else str(envelope.return_path)
    if html is not None:
        message.attach_alternative(_text(html), "text/html")
    for part in parsed.walk():
        if not part.is_multipart() and part is not plain and part is not html:
            message.attach(_attachment(part))
    return message


def _text(part: Parsed | None) -> str:
    """A part's text, whatever charset it claims to have."""
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")


def _attachment(part: Any) -> MIMEBase:
    """A part as Django attaches it, with its name and its Content-ID."""
    from email.encoders import encode_base64

    attachment = MIMEBase(part.get_content_maintype(), part.get_content_subtype())
    attachment.set_payload(part.get_payload(decode=True) or b"")
    encode_base64(attachment)
    for name in ("Content-ID", "Content-Disposition"):
        if part[name]:
            attachment[name] = str(part[name])
    return attachment


def jobs_of(message: Any, *, clock: Clock) -> list[Job]:
    """A job for each recipient of a message of Django's.

    Its attribute `mailkit`, a dict, may hold more of what a Job has: `person`, `campaign`, `step`, `topic`, ….
    """
    parsed = message.message()
    raw = crlf(parsed.as_bytes())
    more = {"is_transactional": True, **getattr(message, "mailkit", {})}
    sender = Mailbox.parse(message.extra_headers.get("From", message.from_email))
    return_path = Mailbox.parse(getattr(message, "envelope_sender", None) or message.from_email).address
    jobs = []
    for recipient in dict.fromkeys(message.recipients()):
        mailbox = Mailbox.parse(recipient)
        letter = {
            "person": str(mailbox.address),
            "envelope": Envelope(sender=sender, recipient=mailbox, return_path=return_path),
            "message_id": message_id(raw),
            "date": _date(parsed["Date"]) or clock.now(),
            "raw": raw,
        }
        jobs.append(Job(**{**letter, **more}))
    return jobs


def _date(text: str | None) -> datetime | None:
    """The instant of a Date field; "-0000" is UTC, too (RFC 5322, 3.3)."""
    try:
        at = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
