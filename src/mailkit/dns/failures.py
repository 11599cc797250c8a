"""DMARC failure reports: one mail that failed, as its receiver tells it (RFC 9991, RFC 6591, RFC 5965).

Such a report is a mail with three parts: words for people, fields for programs, and the headers,
or the whole, of the mail that failed. Few receivers send them, and hardly any sends all fields.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import IO, Final

import attrs

from mailkit.dns.mailparts import Part, looks_like_mail, parts, split
from mailkit.dns.notes import Notes
from mailkit.dns.reported import address_of, domain_of
from mailkit.dns.unpack import opened
from mailkit.errors import InvalidValue
from mailkit.findings import Findings

__all__ = ["FailureReport", "read_failure"]

_LONGEST: Final = 32 * 1024 * 1024
_MOST_FIELDS: Final = 1_000
_LONGEST_FIELD: Final = 20_000

Fields = tuple[tuple[str, str], ...]


@attrs.frozen(kw_only=True)
class FailureReport:
    """What a receiver tells of one mail that failed; what it does not tell is empty or None.

    Attributes:
        feedback_type: "auth-failure" in a failure report; "abuse" and others are reports of another kind.
        auth_failure: What failed: "dmarc", "dkim", "spf", "adsp", "bodyhash", "revoked" or "signature".
        identity_alignment: Which of "dkim" and "spf" did not authenticate an aligned domain; empty for "none".
        delivery_result: What became of the mail: "delivered", "spam", "policy", "reject" or "other".
        reported_domain: The domain that the report is about.
        header_from: The domain of From in the mail that failed.
        source_ip: Who delivered it.
        arrival: When.
        original_mail_from: The return path.
        original_rcpt_to: The recipients.
        incidents: For how many mails the report stands.
        dkim_domain: The signature's domain.
        dkim_selector: The signature's selector.
        dkim_identity: The signature's identity (i=).
        spf_dns: The SPF records that were found.
        authentication_results: What the receiver found, as it writes it into mails (RFC 8601).
        user_agent: The program that wrote the report.
        fields: All fields of the report, in their order.
        reported_headers: The header fields of the mail that failed, as far as they were sent along.
        findings: What is to be said about the report itself.

    >>> FailureReport(reported_headers=(("Subject", "Your order"),)).header("subject")
    'Your order'
    """

    feedback_type: str = ""
    auth_failure: str = ""
    identity_alignment: tuple[str, ...] = ()
    delivery_result: str = ""
    reported_domain: str = ""
    header_from: str = ""
    source_ip: IPv4Address | IPv6Address | None = None
    arrival: datetime | None = None
    original_mail_from: str = ""
    original_rcpt_to: tuple[str, ...] = ()
    incidents: int = 1
    dkim_domain: str = ""
    dkim_selector: str = ""
    dkim_identity: str = ""
    spf_dns: tuple[str, ...] = ()
    authentication_results: tuple[str, ...] = ()
    user_agent: str = ""
    fields: Fields = attrs.field(default=(), repr=False)
    reported_headers: Fields = attrs.field(default=(), repr=False)
    findings: Findings = attrs.field(factory=Findings, eq=False, repr=False)

    def header(self, name: str) -> str:
        """The first header field of that name in the mail that failed; empty if it was not sent along."""
        return _first(self.reported_headers, name)


def read_failure(source: bytes | bytearray | str | os.PathLike[str] | IO[bytes]) -> FailureReport:
    """Read a failure report; a mail that is none gives an empty one, with a finding.

    Args:
        source: The mail: its bytes, a path, a file that is open for reading bytes, or its text.

    Raises:
        InvalidValue: The source is none of these.
        OSError: The file cannot be read.

    >>> mail = '''Content-Type: multipart/report; report-type=feedback-report; boundary=x
    ...
    ... --x
    ... Content-Type: message/feedback-report
    ...
    ... Feedback-Type: auth-failure
    ... Auth-Failure: dmarc
    ... Identity-Alignment: dkim, spf
    ... Source-IP: 192.0.2.2
    ... --x
    ... Content-Type: text/rfc822-headers
    ...
    ... From: Anna <anna@example.com>
    ... --x--
    ... '''
    >>> report = read_failure(mail)
    >>> report.auth_failure, report.identity_alignment, report.header_from
    ('dmarc', ('dkim', 'spf'), 'example.com')
    """
    notes = Notes("failure-report", "RFC 9991, 4")
    raw = _bytes(source)
    if len(raw) > _LONGEST:
        notes.add("too-large", "error", f"is longer than {_LONGEST} bytes; the rest was not read")
        raw = raw[:_LONGEST]
    found = list(parts(raw)) if looks_like_mail(raw[:4096]) else []
    told = next((part for part in found if part.type == "message/feedback-report"), None)
    reported = _reported(found)
    if told is None:
        notes.add("unreadable", "error", "is no mail with a feedback report in it")
        return FailureReport(reported_headers=reported, findings=notes.findings)
    fields = _fields(split(told.content.lstrip(b"\r\n") + b"\n\n")[0])
    return _report(fields, reported, notes)


def _bytes(source: object) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if isinstance(source, str) and "\n" in source:
        return source.encode("utf-8", "replace")
    if isinstance(source, str | os.PathLike):
        with opened(Path(source)) as file:
            return file.read(_LONGEST + 1)
    content = source.read(_LONGEST + 1) if hasattr(source, "read") else None
    if isinstance(content, bytes):
        return content
    raise InvalidValue("failure report", source, "is neither bytes, a path nor a file that is open for reading bytes")


def _reported(found: Iterable[Part]) -> Fields:
    """The header of the mail that failed: a part of its own, or that of the mail that was sent along."""
    for part in found:
        if part.type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"):
            return _fields(split(part.content.lstrip(b"\r\n") + b"\n\n")[0])
    return ()


def _fields(message: Message) -> Fields:
    pairs = list(message.items())[:_MOST_FIELDS]
    return tuple((name, " ".join(str(value).split())[:_LONGEST_FIELD]) for name, value in pairs)


def _first(fields: Fields, name: str) -> str:
    return next((value for one, value in fields if one.lower() == name.lower()), "")


def _every(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(value for one, value in fields if one.lower() == name)


def _report(fields: Fields, reported: Fields, notes: Notes) -> FailureReport:
    feedback_type = _first(fields, "feedback-type").lower()
    if feedback_type != "auth-failure":
        notes.add("other-kind", "warning", "is a feedback report, but not about a failure", "", feedback_type)
    alignment = _first(fields, "identity-alignment").lower()
    if feedback_type == "auth-failure" and not alignment:
        notes.add("incomplete", "info", "does not say what was not aligned", field="Identity-Alignment")
    incidents = _first(fields, "incidents")
    return FailureReport(
        feedback_type=feedback_type,
        auth_failure=_first(fields, "auth-failure").lower(),
        identity_alignment=tuple(word for word in alignment.replace(",", " ").split() if word in ("dkim", "spf")),
        delivery_result=_first(fields, "delivery-result").lower(),
        reported_domain=domain_of(_first(fields, "reported-domain")),
        header_from=_from_domain(_first(reported, "from")),
        source_ip=_source_ip(_first(fields, "source-ip"), notes),
        arrival=_arrival(_first(fields, "arrival-date") or _first(fields, "received-date"), notes),
        original_mail_from=_first(fields, "original-mail-from").strip("<>"),
        original_rcpt_to=tuple(value.strip("<>") for value in _every(fields, "original-rcpt-to")),
        incidents=int(incidents) if incidents.isdecimal() and 0 < len(incidents) < 10 else 1,
        dkim_domain=domain_of(_first(fields, "dkim-domain")),
        dkim_selector=_first(fields, "dkim-selector"),
        dkim_identity=_first(fields, "dkim-identity"),
        spf_dns=_every(fields, "spf-dns"),
        authentication_results=_every(fields, "authentication-results"),
        user_agent=_first(fields, "user-agent"),
        fields=fields,
        reported_headers=reported,
        findings=notes.findings,
    )


def _from_domain(text: str) -> str:
    return domain_of(text.rpartition("<")[2].partition(">")[0].split(",")[0]) if "@" in text else ""


def _source_ip(text: str, notes: Notes) -> IPv4Address | IPv6Address | None:
    found = address_of(text.partition(" ")[0])
    if found is None:
        notes.add("bad-value", "info", "does not say who delivered the mail", "", text, field="Source-IP")
    return found


def _arrival(text: str, notes: Notes) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        notes.add("bad-value", "info", "does not say when the mail arrived", "", text, field="Arrival-Date")
        return None
