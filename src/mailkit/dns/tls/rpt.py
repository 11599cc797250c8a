"""TLS reporting (RFC 8460): whom senders tell about troubles with TLS to a domain's mail servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import Broken, Fault, cut, texts
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Severity

__all__ = ["RptFound", "RptRecord", "find_rpt", "is_rpt", "lint_rpt", "rpt_record"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_VERSION: Final = re.compile(r"v=TLSRPTv1[ \t]*(?:;|\Z)")
_FIELD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([ -:<-~]+)\Z")
_URI: Final = re.compile(
    r"(?:mailto:[^@,;!\s]+@[^@,;!\s?]+(?:\?[!-~]*)?|https://[^,;!\s/]+(?:/[^,;!\s]*)?)\Z", re.IGNORECASE
)
_ASCII: Final = re.compile(r"[!-~]*\Z")


def is_rpt(text: str) -> bool:
    """Whether a TXT record is one of TLS reporting at all; others at its name are ignored (RFC 8460, 3).

    >>> is_rpt("v=TLSRPTv1; rua=mailto:tls@example.com"), is_rpt("v=spf1 -all")
    (True, False)
    """
    return bool(_VERSION.match(text))


def _is_uri(text: str) -> bool:
    return bool(_URI.match(text) and _ASCII.match(text))


def _check_uris(instance: object, attribute: object, value: tuple[str, ...]) -> None:
    for uri in value:
        if not _is_uri(uri):
            mend = "write 'mailto:tls@example.com', with , ; and ! as %2C, %3B and %21"
            raise InvalidValue("RptRecord.rua", uri, "is not an address of mailto: or https://", mend)


@attrs.frozen(kw_only=True)
class RptRecord:
    """The TXT record at `_smtp._tls`.

    Attributes:
        rua: Where reports go: addresses of mailto: or https:.
        broken: What could not be read.

    >>> RptRecord.parse("v=TLSRPTv1;rua=mailto:tls@example.com,https://example.com/tls").rua
    ('mailto:tls@example.com', 'https://example.com/tls')
    """

    rua: tuple[str, ...] = attrs.field(default=(), converter=texts, validator=_check_uris)
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str) -> RptRecord:
        """Read a record; what cannot be read is kept in `broken`.

        Raises:
            InvalidValue: The text does not begin with v=TLSRPTv1.
        """
        if not isinstance(text, str) or not is_rpt(text):
            raise InvalidValue("TLS reporting record", text, "does not begin with v=TLSRPTv1", "see is_rpt")
        names: dict[str, str] = {}
        broken: list[Broken] = []
        start = text.find(";") + 1 or len(text)
        for part in text[start:].split(";"):
            stripped, span = part.strip(" \t"), (start, start + len(part))
            start += len(part) + 1
            matched = _FIELD.match(stripped)
            if matched and matched[1] in names:
                reason = f"is a second {matched[1]}="
                broken.append(Broken(text=stripped, reason=reason, span=span, fault=Fault.REPEATED))
            elif matched:
                names[matched[1]] = matched[2]
                broken += _not_uris(matched[2], span) if matched[1] == "rua" else []
            elif stripped:
                reason = "is not of the form name=value"
                broken.append(Broken(text=stripped, reason=reason, span=span, fault=Fault.FORM))
        return cls(rua=tuple(filter(_is_uri, _listed(names.get("rua", "")))), broken=tuple(broken))

    def __str__(self) -> str:
        return f"v=TLSRPTv1; rua={','.join(self.rua)}" if self.rua else "v=TLSRPTv1"


def _listed(text: str) -> list[str]:
    return [part.strip(" \t") for part in text.split(",")] if text else []


def _not_uris(value: str, span: tuple[int, int]) -> list[Broken]:
    """The parts of rua= that are no addresses of mailto: or https:."""
    found = []
    for uri in _listed(value):
        if not _is_uri(uri):
            mend = f"write mailto:{uri}" if "@" in uri and ":" not in uri else ""
            reason = "is not an address of mailto: or https://"
            found.append(Broken(text=f"rua={uri}", reason=reason, mend=mend, span=span))
    return found


@attrs.frozen(kw_only=True)
class RptFound:
    """What there is of TLS reporting at a domain.

    Attributes:
        domain: The domain.
        outcome: What became of the question for the record.
        texts: The records found; several count as none.
        record: The one that counts; None if there is none.
    """

    domain: str
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: RptRecord | None = None


_say: Final = Saying[RptFound]("tls-rpt", lambda found: f"TLS reporting of {found.domain}", "RFC 8460, 3")


def find_rpt(domain: str) -> Check[RptFound]:
    """Ask for the record.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("_smtp._tls.example.com", "TXT"): ["v=TLSRPTv1; rua=mailto:tls@example.com"]}
    >>> lint_rpt(run_sync(find_rpt("example.com"), resolver=zone))
    ()
    """
    outcome = yield from ask(Query(f"_smtp._tls.{domain}", "TXT"))
    listed = tuple(filter(is_rpt, outcome.values)) if isinstance(outcome, Answer) else ()
    record = RptRecord.parse(listed[0]) if len(listed) == 1 else None
    return RptFound(domain=domain, outcome=outcome, texts=listed, record=record)


def rpt_record(domain: str, rua: Iterable[str] = ()) -> TextRecord:
    """The record to publish; reports go to tls-reports@ the domain unless it is said where.

    >>> print(rpt_record("example.com"))
    _smtp._tls.example.com. IN TXT "v=TLSRPTv1; rua=mailto:tls-reports@example.com"
    """
    record = RptRecord(rua=tuple(rua) or (f"mailto:tls-reports@{domain}",))
    return TextRecord(name=f"_smtp._tls.{domain}", text=str(record), why="asks senders to report troubles with TLS")


def lint_rpt(found: RptFound) -> tuple[Finding, ...]:
    """What is to be said, each finding with the record to paste where there is one."""
    return tuple(_of_record(found, found.record)) if found.record else (_no_record(found),)


def _no_record(found: RptFound) -> Finding:
    if len(found.texts) > 1:
        message = f"there are {len(found.texts)} records for TLS reports; several count as none"
        return _say("several", _ERROR, message, found, " | ".join(found.texts), "keep one")
    if isinstance(found.outcome, Failure):
        message = f"whether the domain asks for TLS reports is not known: {found.outcome}"
        return _say("unanswered", _WARNING, message, found, mend="ask again")
    mended = str(rpt_record(found.domain))
    if isinstance(found.outcome, Answer):
        message = "what is there is not a record for TLS reports, which begins with v=TLSRPTv1"
        return _say("not-a-record", _WARNING, message, found, " | ".join(found.outcome.values), mended)
    message = "nobody is told when senders have troubles with TLS to the domain's mail servers"
    return _say("absent", _INFO, message, found, str(found.outcome), mended)


def _of_record(found: RptFound, record: RptRecord) -> Iterator[Finding]:
    mended = str(rpt_record(found.domain, record.rua))
    for part in record.broken:
        message = f"{cut(part.text, longest=60)!r} {part.reason}"
        yield _say("syntax", _WARNING, message, found, found.texts[0], part.mend or mended, span=part.span)
    if not record.rua:
        message = "the record does not say where reports go, so that nobody gets any"
        yield _say("no-rua", _ERROR, message, found, found.texts[0], mended)
