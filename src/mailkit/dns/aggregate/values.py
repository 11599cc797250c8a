"""What a DMARC aggregate feedback report says, as values (RFC 9990, and RFC 7489, appendix C).

A `Report` is its head: who reports, about which days, and the policy that was seen. A `Row` is
one record: so many messages from one address, what DMARC made of them, and why.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import attrs

from mailkit.checks import aware, instant
from mailkit.dns.dmarc.record import Alignment, Policy
from mailkit.errors import InvalidValue

__all__ = ["AuthResult", "DKIMResult", "Disposition", "Published", "Reason", "Report", "Row", "SPFResult"]


class AuthResult(StrEnum):
    """What SPF or DKIM said by itself (RFC 8601, 2.7.1 and 2.7.2), without regard to alignment."""

    PASS = "pass"  # noqa: S105 - a result
    """Verified."""
    FAIL = "fail"
    """Not verified; some reporters write "hardfail"."""
    SOFTFAIL = "softfail"
    """SPF: probably not allowed."""
    NEUTRAL = "neutral"
    """Nothing is said, or the signature cannot be read."""
    POLICY = "policy"
    """DKIM: verified, but not good enough for the receiver."""
    NONE = "none"
    """There was nothing to verify."""
    TEMPERROR = "temperror"
    """The DNS did not answer; some reporters write "unknown"."""
    PERMERROR = "permerror"
    """The record or the signature is broken; some reporters write "error"."""
    UNREAD = "unread"
    """The report says nothing, or a word that nobody knows."""


class Disposition(StrEnum):
    """What the receiver did by DMARC (RFC 9990, 3.1.1.9)."""

    NONE = "none"
    """Nothing."""
    PASS = "pass"  # noqa: S105 - a disposition
    """Nothing, since DMARC passed under a policy that would have done something."""
    QUARANTINE = "quarantine"
    """Treated as suspicious."""
    REJECT = "reject"
    """Refused."""
    UNREAD = "unread"
    """The report says nothing, or a word that nobody knows."""


@attrs.frozen(kw_only=True)
class Reason:
    """Why a receiver did something else than the policy asks for.

    Attributes:
        type: The RFC's word: "forwarded", "mailing_list", "trusted_forwarder", "local_policy", "sampled_out",
            "policy_test_mode" or "other"; others are kept as they are.
        comment: What the receiver adds, for people.

    >>> print(Reason(type="mailing_list", comment="list.example.org"))
    mailing_list (list.example.org)
    """

    type: str
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.type} ({self.comment})" if self.comment else self.type


@attrs.frozen(kw_only=True)
class DKIMResult:
    """What became of one DKIM signature.

    Attributes:
        domain: Who signed (d=).
        selector: With which key (s=); empty if the report does not say.
        result: What verification said.
        human_result: What the receiver adds, for people.

    >>> DKIMResult(domain="example.com", selector="news", result="pass").result
    <AuthResult.PASS: 'pass'>
    """

    domain: str
    selector: str = ""
    result: AuthResult = attrs.field(converter=AuthResult)
    human_result: str = ""


@attrs.frozen(kw_only=True)
class SPFResult:
    """What SPF said about one identity.

    Attributes:
        domain: The domain whose record was evaluated.
        scope: "mfrom" for the return path, "helo" for the greeting; empty if the report does not say.
        result: What evaluation said.
        human_result: What the receiver adds, for people.

    >>> SPFResult(domain="example.com", result="softfail").result
    <AuthResult.SOFTFAIL: 'softfail'>
    """

    domain: str
    scope: str = ""
    result: AuthResult = attrs.field(converter=AuthResult)
    human_result: str = ""


@attrs.frozen(kw_only=True)
class Published:
    """The policy that the reporter saw; what the report does not say, or says unreadably, is None or empty.

    Attributes:
        domain: The domain whose record applied.
        p: What is asked for failing mail.
        sp: The same for subdomains.
        np: The same for subdomains that do not exist.
        adkim: How DKIM's domain must match.
        aspf: How SPF's domain must match.
        fo: When failure reports are wanted.
        is_testing: t=y.
        discovery_method: "psl" (RFC 7489) or "treewalk" (RFC 9989); empty if it is not said.
        pct: The share in percent, of RFC 7489.
        version: The record's version, where an old report says it.

    >>> Published(domain="example.com", p="reject").p
    <Policy.REJECT: 'reject'>
    """

    domain: str = ""
    p: Policy | None = attrs.field(default=None, converter=attrs.converters.optional(Policy))
    sp: Policy | None = attrs.field(default=None, converter=attrs.converters.optional(Policy))
    np: Policy | None = attrs.field(default=None, converter=attrs.converters.optional(Policy))
    adkim: Alignment | None = attrs.field(default=None, converter=attrs.converters.optional(Alignment))
    aspf: Alignment | None = attrs.field(default=None, converter=attrs.converters.optional(Alignment))
    fo: str = ""
    is_testing: bool = False
    discovery_method: str = ""
    pct: int | None = None
    version: str = ""


def _when(value: datetime | None) -> datetime | None:
    return None if value is None else aware(value)


def _instant(instance: object, attribute: Any, value: datetime | None) -> None:
    if value is not None:
        instant(instance, attribute, value)


@attrs.frozen(kw_only=True)
class Report:
    """The head of one aggregate report.

    Attributes:
        org_name: Who reports.
        email: Their address.
        extra_contact: More about how to reach them.
        report_id: Their own id for it; a report that comes twice bears the same.
        begin: The beginning of the time that is reported; None if the report does not say.
        end: Its end.
        errors: What the reporter says to be wrong with the policy record.
        generator: The program that wrote it (RFC 9990).
        version: The version of the format, as written; empty in many reports.
        namespace: The XML namespace, as written; empty in many reports.
        policy: The policy that the reporter saw.

    >>> Report(org_name="receiver.example", report_id="7").policy.domain
    ''
    """

    org_name: str = ""
    email: str = ""
    extra_contact: str = ""
    report_id: str = ""
    begin: datetime | None = attrs.field(default=None, converter=_when, validator=_instant)
    end: datetime | None = attrs.field(default=None, converter=_when, validator=_instant)
    errors: tuple[str, ...] = ()
    generator: str = ""
    version: str = ""
    namespace: str = ""
    policy: Published = attrs.field(factory=Published)

    @property
    def identity(self) -> tuple[str, str, str]:
        """What two copies of one report have in common: reporter, domain and report id (RFC 9990, 3.5.4)."""
        return (self.org_name, self.policy.domain, self.report_id)


def _count(instance: object, attribute: Any, value: int) -> None:
    if value.__class__ is not int or value < 0:
        raise InvalidValue("Row.count", value, "is not a whole number from 0 up")


@attrs.frozen(kw_only=True)
class Row:
    """One record of a report: messages from one address that went one way.

    Attributes:
        report: The head of the report that it stands in.
        source_ip: Who delivered them.
        count: How many.
        disposition: What the receiver did.
        dkim_aligned: Whether DKIM passed for the domain of From.
        spf_aligned: Whether SPF passed for the domain of From.
        reasons: Why the receiver did something else than the policy asks for.
        header_from: The domain of From.
        envelope_from: The domain of the return path; empty for none, and where the report does not say.
        envelope_to: The recipients' domain; empty in most reports.
        dkim: What became of each signature.
        spf: What SPF said.

    >>> row = Row(report=Report(), source_ip=IPv4Address("192.0.2.1"), count=3, dkim_aligned=True, spf_aligned=False,
    ...           header_from="example.com")
    >>> row.passes
    True
    """

    report: Report = attrs.field(repr=False)
    source_ip: IPv4Address | IPv6Address
    count: int = attrs.field(validator=_count)
    disposition: Disposition = Disposition.UNREAD
    dkim_aligned: bool
    spf_aligned: bool
    reasons: tuple[Reason, ...] = ()
    header_from: str
    envelope_from: str = ""
    envelope_to: str = ""
    dkim: tuple[DKIMResult, ...] = ()
    spf: tuple[SPFResult, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether DMARC passes: DKIM or SPF does, for the domain of From."""
        return self.dkim_aligned or self.spf_aligned
