"""TLS reports: how other mail servers fared when they brought mail to ours over TLS (RFC 8460).

>>> ResultType.CERTIFICATE_EXPIRED.mend
'renew the certificate of the MX host'
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.dns import show
from mailkit.dns.notes import Notes, Refused
from mailkit.dns.reported import domain_of, moment
from mailkit.dns.unpack import Document, Limits, Source, documents
from mailkit.findings import Findings, findings_html

__all__ = ["FailureDetail", "PolicyResult", "ResultType", "TLSReading", "TLSReport", "lint", "read"]

_LIMITS: Final = Limits(longest_bytes=64 * 1024**2, longest_packed_bytes=64 * 1024**2)
_MOST: Final = 100_000
_LONGEST_TEXT: Final = 10_000
_MOST_SHOWN: Final = 100


class ResultType(StrEnum):
    """Why a session failed (RFC 8460, 4.3)."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    """The MX host does not offer STARTTLS."""
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    """The certificate is not for the MX host."""
    CERTIFICATE_EXPIRED = "certificate-expired"
    """The certificate has expired."""
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    """Nobody known has signed the certificate."""
    VALIDATION_FAILURE = "validation-failure"
    """Anything else about the certificate or the handshake."""
    TLSA_INVALID = "tlsa-invalid"
    """DANE: no TLSA record matches."""
    DNSSEC_INVALID = "dnssec-invalid"
    """DANE: DNSSEC does not validate."""
    DANE_REQUIRED = "dane-required"
    """DANE: the sender wants it, and there is none."""
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    """MTA-STS: the policy file could not be fetched."""
    STS_POLICY_INVALID = "sts-policy-invalid"
    """MTA-STS: the policy file cannot be read."""
    STS_WEBPKI_INVALID = "sts-webpki-invalid"
    """MTA-STS: the web server's or MX host's certificate is not valid."""
    UNREAD = "unread"
    """A word that RFC 8460 does not know, or none."""

    @property
    def mend(self) -> str:
        """What to do about it; empty if nobody can say."""
        return _MENDS.get(self, "")


_MENDS: Final = {
    ResultType.STARTTLS_NOT_SUPPORTED: "turn STARTTLS on at the MX host",
    ResultType.CERTIFICATE_HOST_MISMATCH: "get a certificate that bears the name of the MX record",
    ResultType.CERTIFICATE_EXPIRED: "renew the certificate of the MX host",
    ResultType.CERTIFICATE_NOT_TRUSTED: "get a certificate of a public authority, and send its whole chain",
    ResultType.VALIDATION_FAILURE: "look at the details; often the chain is incomplete or the protocol too old",
    ResultType.TLSA_INVALID: "publish a TLSA record of the present key before it is used, and keep the old one a while",
    ResultType.DNSSEC_INVALID: "mend DNSSEC of the zone; a validating resolver must answer",
    ResultType.DANE_REQUIRED: "publish TLSA records for the MX hosts in a signed zone",
    ResultType.STS_POLICY_FETCH_ERROR: "let https://mta-sts.<domain>/.well-known/mta-sts.txt answer with status 200",
    ResultType.STS_POLICY_INVALID: "mend the policy file: version, mode, mx and max_age, a line each",
    ResultType.STS_WEBPKI_INVALID: "get valid certificates for mta-sts.<domain> and the MX hosts",
}


@attrs.frozen(kw_only=True)
class FailureDetail:
    """Sessions that failed in one way.

    Attributes:
        result: Why.
        said: The report's own word for it.
        sessions: How many.
        sending_mta_ip: Who came.
        receiving_mx_hostname: To which MX host.
        receiving_mx_helo: How that host greeted.
        receiving_ip: Its address.
        additional_information: Where to read more.
        failure_reason_code: What the sender's program says.

    >>> FailureDetail(result="certificate-expired", sessions=3).result.mend
    'renew the certificate of the MX host'
    """

    result: ResultType = attrs.field(converter=ResultType)
    said: str = ""
    sessions: int = 0
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    additional_information: str = ""
    failure_reason_code: str = ""


@attrs.frozen(kw_only=True)
class PolicyResult:
    """How sessions went under one policy.

    Attributes:
        type: "sts", "tlsa" or "no-policy-found".
        domain: Whose policy it is.
        strings: The policy, line by line.
        mx_hosts: The MX hosts that it names.
        successful: How many sessions went well.
        failed: How many did not.
        details: How these failed.

    >>> PolicyResult(type="sts", domain="example.com", successful=90, failed=10).failed
    10
    """

    type: str
    domain: str
    strings: tuple[str, ...] = ()
    mx_hosts: tuple[str, ...] = ()
    successful: int = 0
    failed: int = 0
    details: tuple[FailureDetail, ...] = ()


@attrs.frozen(kw_only=True)
class TLSReport:
    """One report.

    Attributes:
        organization: Who reports.
        contact: How to reach them.
        report_id: Their own id for it.
        begin: The beginning of the time that is reported; None if the report does not say.
        end: Its end.
        policies: How sessions went, for each policy.

    >>> TLSReport(policies=(PolicyResult(type="sts", domain="example.com", successful=90, failed=10),)).successful
    90
    """

    organization: str = ""
    contact: str = ""
    report_id: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    policies: tuple[PolicyResult, ...] = ()

    @property
    def successful(self) -> int:
        """How many sessions went well."""
        return sum(policy.successful for policy in self.policies)

    @property
    def failed(self) -> int:
        """How many sessions did not."""
        return sum(policy.failed for policy in self.policies)


@attrs.frozen(kw_only=True)
class TLSReading:
    """All that one source holds.

    Attributes:
        reports: The reports, in their order.
        findings: What is to be said about the reports themselves.

    >>> read(b"{}").reports
    ()
    """

    reports: tuple[TLSReport, ...]
    findings: Findings = attrs.field(eq=False)

    def _repr_html_(self) -> str:
        rows = [
            (
                report.organization,
                policy.domain,
                policy.type,
                f"{policy.successful:,}",
                f"{policy.failed:,}",
                ", ".join(dict.fromkeys(detail.said or detail.result.value for detail in policy.details)),
            )
            for report in self.reports
            for policy in report.policies
        ]
        head = ("Reporter", "Domain", "Policy", "Well", "Failed", "Why")
        more = len(rows) - _MOST_SHOWN
        rest = f"<p>… and {more} more policies</p>" if more > 0 else ""
        table = show.table(head, rows[:_MOST_SHOWN], none="No reports.")
        return table + rest + (findings_html(self.findings) if self.findings else "")


def read(source: Source, *, limits: Limits = _LIMITS) -> TLSReading:
    """Read TLS reports: JSON, plain or in gzip, or a mail with one attached.

    Args:
        source: The bytes, a path, a file that is open for reading bytes, or the text itself.
        limits: How much is read.

    Raises:
        InvalidValue: The source is none of these.
        OSError: The file cannot be read.

    >>> found = read('''{"organization-name": "sender.example", "policies": [{
    ...     "policy": {"policy-type": "sts", "policy-domain": "example.com"},
    ...     "summary": {"total-successful-session-count": 90, "total-failure-session-count": 10},
    ...     "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 10}]}]}''')
    >>> [(detail.result.value, detail.sessions) for detail in found.reports[0].policies[0].details]
    [('certificate-expired', 10)]
    """
    notes = Notes("tls-report", "RFC 8460, 4.4")
    reports = []
    try:
        for document in documents(source, mark=b"{", notes=notes, limits=limits):
            report = _read_one(document, notes)
            if report is not None:
                reports.append(report)
    except Refused as refused:
        notes.add(refused.word, "error", refused.reason)
    return TLSReading(reports=tuple(reports), findings=notes.findings)


def lint(reports: Iterable[TLSReport]) -> Findings:
    """What the reports tell of our own servers, worst first: each kind of failure with its sessions.

    >>> detail = FailureDetail(result="starttls-not-supported", sessions=3, receiving_mx_hostname="mx.example.com")
    >>> policy = PolicyResult(type="no-policy-found", domain="example.com", failed=3, details=(detail,))
    >>> print(lint([TLSReport(policies=(policy,))]))
    warning: mx.example.com: 3 sessions failed with starttls-not-supported; turn STARTTLS on at the MX host
    """
    counted: Counter[tuple[str, str]] = Counter()
    for report in reports:
        for policy in report.policies:
            for detail in policy.details:
                counted[detail.receiving_mx_hostname or policy.domain, detail.said or detail.result.value] += (
                    detail.sessions
                )
    notes = Notes("tls-report", "RFC 8460, 4.3")
    for (host, said), sessions in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        message = f"{sessions} session{'' if sessions == 1 else 's'} failed with {said}"
        notes.add("failures", "warning", message, host, mend=_result(said).mend)
    return notes.findings


def _read_one(document: Document, notes: Notes) -> TLSReport | None:
    raw = b"".join(document.chunks)
    try:
        told = json.loads(raw.decode(json.detect_encoding(raw), "replace").lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        reason = "its brackets nest too deep" if isinstance(error, RecursionError) else str(error)
        notes.add("unreadable", "error", f"is no JSON ({reason})", document.name)
        return None
    if not isinstance(told, dict) or not isinstance(told.get("policies"), list):
        notes.add("unreadable", "error", "is JSON, but no TLS report: it has no policies", document.name)
        return None
    dates = _dict(told.get("date-range"))
    if not _text(told, "organization-name"):
        notes.add("incomplete", "warning", "does not say its organization-name", document.name)
    return TLSReport(
        organization=_text(told, "organization-name"),
        contact=_text(told, "contact-info"),
        report_id=_text(told, "report-id"),
        begin=moment(_text(dates, "start-datetime")),
        end=moment(_text(dates, "end-datetime")),
        policies=tuple(_policy(_dict(one), document.name, notes) for one in told["policies"][:_MOST]),
    )


def _policy(told: dict[str, Any], name: str, notes: Notes) -> PolicyResult:
    policy, summary = _dict(told.get("policy")), _dict(told.get("summary"))
    details = told.get("failure-details")
    details = details if isinstance(details, list) else []
    return PolicyResult(
        type=_text(policy, "policy-type").lower(),
        domain=domain_of(_text(policy, "policy-domain")),
        strings=_texts(policy, "policy-string"),
        mx_hosts=_texts(policy, "mx-host"),
        successful=_number(summary, "total-successful-session-count", name, notes),
        failed=_number(summary, "total-failure-session-count", name, notes),
        details=tuple(_detail(_dict(one), name, notes) for one in details[:_MOST]),
    )


def _detail(told: dict[str, Any], name: str, notes: Notes) -> FailureDetail:
    said = _text(told, "result-type").lower()
    return FailureDetail(
        result=_result(said),
        said=said,
        sessions=_number(told, "failed-session-count", name, notes),
        sending_mta_ip=_text(told, "sending-mta-ip"),
        receiving_mx_hostname=domain_of(_text(told, "receiving-mx-hostname")),
        receiving_mx_helo=_text(told, "receiving-mx-helo"),
        receiving_ip=_text(told, "receiving-ip"),
        additional_information=_text(told, "additional-information"),
        failure_reason_code=_text(told, "failure-reason-code"),
    )


def _result(said: str) -> ResultType:
    try:
        return ResultType(said)
    except ValueError:
        return ResultType.UNREAD


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(told: dict[str, Any], field: str) -> str:
    value = told.get(field)
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _texts(told: dict[str, Any], field: str) -> tuple[str, ...]:
    value = told.get(field)
    found = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(one[:_LONGEST_TEXT] for one in found[:1000] if isinstance(one, str))


def _number(told: dict[str, Any], field: str, name: str, notes: Notes) -> int:
    value = told.get(field, 0)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        notes.add(
            "bad-value", "warning", "has a count that is none; it was taken for 0", name, str(value)[:50], field=field
        )
        return 0
    return value
