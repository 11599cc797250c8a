"""From the texts of a report's elements to values; what cannot be read is noted, and the rest goes on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, TypeVar

from mailkit.dns.aggregate.values import (
    AuthResult,
    Disposition,
    DKIMResult,
    Published,
    Reason,
    Report,
    Row,
    SPFResult,
)
from mailkit.dns.dmarc.record import Alignment, Policy
from mailkit.dns.notes import Notes
from mailkit.dns.reported import address_of, domain_of, moment

__all__ = ["Memory", "Texts", "new_report", "new_row"]

Texts = dict[str, Any]
"""What stood in the elements of one group: a text for each, or a list where there may be several."""

E = TypeVar("E", bound=StrEnum)

_MOST_MESSAGES: Final = 2**63
_MOST_KEPT: Final = 10_000
_RESULTS: Final[dict[str, AuthResult]] = {
    **{result.value: result for result in AuthResult},
    "hardfail": AuthResult.FAIL,
    "hard_fail": AuthResult.FAIL,
    "soft_fail": AuthResult.SOFTFAIL,
    "unknown": AuthResult.TEMPERROR,
    "error": AuthResult.PERMERROR,
    "temp_error": AuthResult.TEMPERROR,
    "perm_error": AuthResult.PERMERROR,
}
_DISPOSITIONS: Final = {one.value: one for one in Disposition}
_DISCOVERY: Final = ("psl", "treewalk")


class Memory:
    """Values that come again and again in a report: each is built once, and only so many are kept."""

    def __init__(self) -> None:
        self.ips: dict[str, IPv4Address | IPv6Address | None] = {}
        self.domains: dict[str, str] = {}
        self.dkim: dict[tuple[str, ...], DKIMResult] = {}
        self.spf: dict[tuple[str, ...], SPFResult] = {}

    def trim(self) -> None:
        """Forget what has become too much."""
        for kept in (self.ips, self.domains, self.dkim, self.spf):
            if len(kept) > _MOST_KEPT:
                kept.clear()


def new_report(head: Texts, policy: Texts, version: str, namespace: str, name: str, notes: Notes) -> Report:
    """The head of a report."""
    for field in ("org_name", "report_id"):
        if not head.get(field):
            notes.add("incomplete", "warning", f"does not say its {field}", name, field=field)
    return Report(
        org_name=head.get("org_name", ""),
        email=head.get("email", ""),
        extra_contact=head.get("extra_contact_info", ""),
        report_id=head.get("report_id", ""),
        begin=_noted_moment(head, "begin", name, notes),
        end=_noted_moment(head, "end", name, notes),
        errors=tuple(head.get("error", ())),
        generator=head.get("generator", ""),
        version=version,
        namespace=namespace,
        policy=_published(policy, name, notes),
    )


def _published(policy: Texts, name: str, notes: Notes) -> Published:
    if not policy.get("domain"):
        notes.add("incomplete", "warning", "does not say whose policy it is about", name, field="domain")
    discovery, pct = policy.get("discovery_method", "").lower(), policy.get("pct", "")
    return Published(
        domain=domain_of(policy.get("domain", "")),
        p=_word(Policy, policy, "p", name, notes),
        sp=_word(Policy, policy, "sp", name, notes),
        np=_word(Policy, policy, "np", name, notes),
        adkim=_word(Alignment, policy, "adkim", name, notes),
        aspf=_word(Alignment, policy, "aspf", name, notes),
        fo=policy.get("fo", ""),
        is_testing=(policy.get("testing") or policy.get("t", "")).lower() == "y",
        discovery_method=discovery if discovery in _DISCOVERY else "",
        pct=int(pct) if pct.isdecimal() and len(pct) <= 3 else None,
        version=policy.get("version_published", ""),
    )


def _word(words: type[E], texts: Texts, field: str, name: str, notes: Notes) -> E | None:
    said = texts.get(field, "").lower()
    if not said:
        return None
    try:
        return words(said)
    except ValueError:
        notes.add("bad-value", "info", f"has a {field} that is none of {', '.join(words)}", name, said, field=field)
        return None


def _noted_moment(head: Texts, field: str, name: str, notes: Notes) -> datetime | None:
    said = head.get(field, "")
    found = moment(said)
    if found is None:
        notes.add("bad-value", "warning", f"does not say when its time range has its {field}", name, said, field=field)
    return found


def new_row(texts: Texts, report: Report, memory: Memory, number: int, name: str, notes: Notes) -> Row | None:
    """One row; None, and a finding, if its address or its count cannot be read."""
    said_ip, said_count = texts.get("source_ip", ""), texts.get("count", "")
    ip = memory.ips.get(said_ip) or _address(said_ip, memory)
    count = int(said_count) if said_count.isdecimal() and len(said_count) < 19 else _odd_count(said_count)
    if ip is None or count is None:
        field, said = ("source_ip", said_ip) if ip is None else ("count", said_count)
        notes.add(
            "bad-row", "warning", f"has no readable {field}, and was left out", name, said, row=number, field=field
        )
        return None
    header_from = _domain(texts.get("header_from", ""), memory)
    if not header_from:
        notes.add(
            "bad-value", "info", "has no From domain; the policy's was taken", name, row=number, field="header_from"
        )
        header_from = report.policy.domain
    dkim = tuple([_dkim(one, memory) for one in texts.get("dkim", ())])
    spf = tuple([_spf(one, memory) for one in texts.get("spf", ())])
    said_dkim, said_spf = texts.get("dkim_aligned", "").lower(), texts.get("spf_aligned", "").lower()
    return Row(
        report=report,
        source_ip=ip,
        count=count,
        disposition=_DISPOSITIONS.get(texts.get("disposition", "").lower(), Disposition.UNREAD),
        dkim_aligned=said_dkim == "pass" if said_dkim else _aligned(dkim, header_from, report.policy, "adkim"),
        spf_aligned=said_spf == "pass" if said_spf else _aligned(spf, header_from, report.policy, "aspf"),
        reasons=tuple([_reason(one) for one in texts.get("reason", ())]),
        header_from=header_from,
        envelope_from=_domain(texts.get("envelope_from", ""), memory),
        envelope_to=_domain(texts.get("envelope_to", ""), memory),
        dkim=dkim,
        spf=spf,
    )


def _address(said: str, memory: Memory) -> IPv4Address | IPv6Address | None:
    found = address_of(said)
    if found is not None:
        memory.ips[said] = found
    return found


def _odd_count(said: str) -> int | None:
    """A count that is not written in digits alone: "12.0", "1,200"; None if it is none from 0 up."""
    try:
        count = float(said.replace(",", "")) if len(said) <= 40 else -1.0
    except ValueError:
        return None
    return int(count) if 0 <= count < _MOST_MESSAGES and count.is_integer() else None


def _domain(said: str, memory: Memory) -> str:
    found = memory.domains.get(said)
    if found is None:
        found = memory.domains[said] = domain_of(said)
    return found


def _result(said: str) -> AuthResult:
    return _RESULTS.get(said) or _RESULTS.get(said.lower(), AuthResult.UNREAD)


def _dkim(texts: Texts, memory: Memory) -> DKIMResult:
    key = (texts.get("domain", ""), texts.get("selector", ""), texts.get("result", ""), texts.get("human_result", ""))
    found = memory.dkim.get(key)
    if found is None:
        domain, selector, result, human = key
        found = DKIMResult(domain=domain_of(domain), selector=selector, result=_result(result), human_result=human)
        memory.dkim[key] = found
    return found


def _spf(texts: Texts, memory: Memory) -> SPFResult:
    key = (texts.get("domain", ""), texts.get("scope", ""), texts.get("result", ""), texts.get("human_result", ""))
    found = memory.spf.get(key)
    if found is None:
        domain, scope, result, human = key
        found = SPFResult(domain=domain_of(domain), scope=scope.lower(), result=_result(result), human_result=human)
        memory.spf[key] = found
    return found


def _reason(texts: Texts) -> Reason:
    return Reason(type=texts.get("type", "").lower() or "other", comment=texts.get("comment", ""))


def _aligned(results: tuple[DKIMResult | SPFResult, ...], header_from: str, policy: Published, mode: str) -> bool:
    """Whether one of the results passes for the domain of From, where the report itself does not say.

    Relaxed alignment wants the same organizational domain; what a report tells of it is the domain of
    the policy, which is it or lies below it.
    """
    is_strict = getattr(policy, mode) is Alignment.STRICT
    organizational = policy.domain or header_from
    return any(
        result.result is AuthResult.PASS
        and getattr(result, "scope", "") != "helo"
        and (result.domain == header_from or (not is_strict and _is_within(result.domain, organizational)))
        for result in results
    )


def _is_within(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith("." + parent)
