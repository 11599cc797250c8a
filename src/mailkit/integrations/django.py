"""Letters through any mail backend of Django, and Django's own mail into an outbox. I/O.

A mail server is reached many times as fast by `SMTPTransport`; `DjangoTransport` is for
services that only a backend knows, such as Anymail's.
"""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import attrs

from mailkit.blocking import run
from mailkit.checks import counted
from mailkit.clock import SystemClock
from mailkit.envelope import Envelope
from mailkit.errors import InvalidValue, MissingExtra
from mailkit.integrations.answers import refusal
from mailkit.send.outbox import Outbox
from mailkit.send.returns.reply import Phase, Reply
from mailkit.send.transport import Accepted, Commit, Delivery, Lost, Refused, Unsendable, Withdrawn

try:
    from django.core.mail import get_connection
    from django.core.mail.backends.base import BaseEmailBackend
    from django.core.mail.backends.smtp import EmailBackend as SMTPBackend
    from django.utils.module_loading import import_string

    from mailkit.integrations.django_messages import FinishedMessage, finished, jobs_of
except ImportError as error:
    raise MissingExtra("Django's mail backends", "django", "django") from error

__all__ = ["DjangoTransport", "EmailBackend"]

_ALIVE: Final = 250


@attrs.define(eq=False)
class DjangoTransport:
    """Hands letters to a mail backend of Django, each in a thread.

    Backends that send bytes (SMTP, file, console, Anymail's for Amazon SES) get the finished bytes as they
    are. Others get subject, texts, attachments and header fields, and their service makes the letter anew.

    Attributes:
        backend: The backend's dotted name; the one of the settings if None.
        options: What else the backend is made with, such as `host`.
        connections: How many backends are at work at once.

    An error that the backend raises when it opens its connection leaves the letter unsent. So does what it
    refuses, as far as its error says so: smtplib's replies, and the `status_code` that Anymail's errors have.
    After any other error nobody knows whether the letter was taken.

    >>> from django.conf import settings
    >>> if not settings.configured:
    ...     settings.configure()
    >>> DjangoTransport("django.core.mail.backends.locmem.EmailBackend").capacity
    4
    """

    backend: str | None = attrs.field(default=None)
    options: Mapping[str, Any] = attrs.field(factory=dict, kw_only=True, repr=False)
    connections: int = attrs.field(default=4, kw_only=True, validator=counted)
    _idle: list[Any] = attrs.field(init=False, factory=list, repr=False)
    _room: asyncio.Semaphore | None = attrs.field(init=False, default=None, repr=False)
    _deliveries: int = attrs.field(init=False, default=0, repr=False)

    @property
    def capacity(self) -> int:
        """How many deliveries it makes use of at once."""
        return self.connections

    async def open(self) -> None:
        """Make the first backend, so that one that is not there is told at once."""
        if not self._deliveries:
            self._room = asyncio.Semaphore(self.connections)
        if not self._idle:
            self._idle.append(self._made())

    async def close(self) -> None:
        """Close the connections of backends that are not at work."""
        idle, self._idle = self._idle, []
        for backend in idle:
            await asyncio.to_thread(_close, backend)

    async def deliver(self, envelope: Envelope, raw: bytes, *, commit: Commit) -> Delivery:
        """Give the letter to a backend."""
        room = self._room = self._room or asyncio.Semaphore(self.connections)
        self._deliveries += 1
        try:
            async with room:
                backend = self._idle.pop() if self._idle else self._made()
                is_sent_as_bytes = isinstance(backend, SMTPBackend)
                if is_sent_as_bytes and envelope.return_path is None:
                    self._idle.append(backend)
                    return Unsendable(reason="Django's SMTP backend cannot send with the null reverse-path")
                message = finished(envelope, raw, is_sent_as_bytes=is_sent_as_bytes)
                return await self._deliver(backend, message, commit)
        finally:
            self._deliveries -= 1

    async def _deliver(self, backend: Any, message: FinishedMessage, commit: Commit) -> Delivery:
        # A thread that is cut off goes on with its backend, which must not be used again then.
        trouble = await asyncio.to_thread(_open, backend)
        try:
            may_go = trouble is None and await commit()
        except BaseException:
            self._idle.append(backend)
            raise
        delivery = trouble or Withdrawn()
        if may_go:
            delivery = await asyncio.to_thread(_send, backend, message)
        self._idle.append(backend)
        return delivery

    def _made(self) -> Any:
        return get_connection(self.backend, fail_silently=False, **self.options)


def _close(backend: Any) -> None:
    with suppress(OSError, smtplib.SMTPException):  # it is not needed any more, whatever it says
        backend.close()


def _open(backend: Any) -> Delivery | None:
    """Have the backend make its connection, if it is not there or has ended meanwhile; what went wrong, if so."""
    connection = getattr(backend, "connection", None)
    try:
        if isinstance(connection, smtplib.SMTP) and not _is_alive(connection):
            backend.connection = None
        backend.open()
    except smtplib.SMTPResponseException as error:
        return Refused(reply=_reply(error.smtp_code, error.smtp_error), phase=Phase.EHLO)
    except Exception as error:  # noqa: BLE001 - whatever a backend raises here, nothing has been sent
        return Lost(phase=Phase.CONNECT, server="", reason=_why(error))
    return None


def _is_alive(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == _ALIVE
    except (smtplib.SMTPException, OSError):
        return False


def _send(backend: Any, message: FinishedMessage) -> Delivery:
    try:
        sent = backend.send_messages([message])
    except Exception as error:  # noqa: BLE001 - a backend may raise anything, and the letter may have left
        return _told(error)
    if not sent:
        return Refused(reply=Reply.parse("451 4.3.0 the backend says that it sent nothing"), phase=Phase.MESSAGE)
    status = getattr(getattr(message, "anymail_status", None), "message_id", None)
    return Accepted(
        reply=Reply.parse(f"250 2.0.0 handed to {type(backend).__module__}" + (f", {status}" if status else ""))
    )


def _told(error: Exception) -> Delivery:
    """What a backend's error says about the letter."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=refused) if refused:
            return Refused(reply=_reply(*next(iter(refused.values()))), phase=Phase.RCPT)
        case smtplib.SMTPSenderRefused():
            return Refused(reply=_reply(error.smtp_code, error.smtp_error), phase=Phase.MAIL)
        case smtplib.SMTPResponseException():
            return Refused(reply=_reply(error.smtp_code, error.smtp_error), phase=Phase.MESSAGE)
        case smtplib.SMTPNotSupportedError() | UnicodeEncodeError():
            return Unsendable(reason=_why(error))
    if type(error).__name__ == "AnymailRecipientsRefused":
        return Refused(reply=Reply.parse(f"550 5.7.1 {error}"), phase=Phase.RCPT)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return refusal(status, " ".join(str(error).split())[:300])
    if type(error).__module__.startswith("anymail.") and isinstance(error, ValueError | TypeError):
        return Unsendable(reason=_why(error))  # raised before the service is asked
    return Lost(phase=Phase.MESSAGE, server="", reason=_why(error))


def _reply(code: int, text: bytes | str) -> Reply:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    reply = Reply.parse(f"{code} {said}")
    return Reply.parse(f"451 4.3.0 {said}") if reply.is_positive else reply


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".removesuffix(": ")


class EmailBackend(BaseEmailBackend):  # type: ignore[misc]
    """A mail backend for Django's EMAIL_BACKEND that puts each message into an outbox, once for each recipient.

    A sender elsewhere, such as a worker, sends them. The setting MAILKIT_OUTBOX is the dotted name of the
    outbox, or of a function that gives it. A message's attribute `mailkit`, a dict, may hold more of
    what a Job has: `person`, `campaign`, `step`, `topic`, `priority`. Jobs are transactional unless it says otherwise.

    >>> from django.conf import settings
    >>> if not settings.configured:
    ...     settings.configure()
    >>> from mailkit.send import MemoryOutbox
    >>> from django.core.mail import EmailMessage
    >>> outbox = MemoryOutbox()
    >>> message = EmailMessage("Hello", "Hello Anna", "shop@example.com", ["anna@example.org"])
    >>> EmailBackend(outbox=outbox).send_messages([message])
    1
    """

    def __init__(self, fail_silently: bool = False, *, outbox: Outbox | None = None, **options: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._outbox = outbox

    def send_messages(self, email_messages: Iterable[Any]) -> int:
        """Put the messages into the outbox; give how many there were.

        Raises:
            InvalidValue: An address is none, or the setting is missing; nothing is added then.
        """
        clock = SystemClock()
        jobs, count = [], 0
        for message in email_messages:
            try:
                jobs += jobs_of(message, clock=clock)
            except InvalidValue:
                if not self.fail_silently:
                    raise
                continue
            count += 1
        if jobs:
            run(partial(self._add, jobs, clock))
        return count

    async def _add(self, jobs: list[Any], clock: SystemClock) -> None:
        await (self._outbox or _configured()).add(jobs, now=clock.now())


def _configured() -> Outbox:
    from django.conf import settings  # here, since looking at it fails before it is configured

    name = getattr(settings, "MAILKIT_OUTBOX", None)
    if not name:
        mend = "write the dotted name of an outbox, or of a function that gives one"
        raise InvalidValue("settings.MAILKIT_OUTBOX", name, "is not set", mend)
    found: Any = import_string(name)
    outbox = found if isinstance(found, Outbox) else found()
    if not isinstance(outbox, Outbox):
        raise InvalidValue("settings.MAILKIT_OUTBOX", outbox, f"is what {name} gives, and is no outbox")
    return outbox
