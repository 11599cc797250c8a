"""What would a policy have done? Past reports, judged anew: `replay(rows, "reject")`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from mailkit.dns.aggregate.copies import once
from mailkit.dns.aggregate.folding import PASSED_ON, Folding, Names, is_within
from mailkit.dns.aggregate.sending import PASSING_ON, Kind, Sending, Sources
from mailkit.dns.aggregate.values import AuthResult, DKIMResult, Row, SPFResult
from mailkit.dns.dmarc.record import Alignment, Policy, Record
from mailkit.dns.show import table
from mailkit.dns.tags import plain

__all__ = ["MILDER", "UNNAMED", "Replay", "Struck", "replay", "watched"]

MILDER: Final = {Policy.REJECT: Policy.QUARANTINE, Policy.QUARANTINE: Policy.NONE, Policy.NONE: Policy.NONE}
"""What a receiver does instead under t=y (RFC 9989, 4.7)."""

UNNAMED: Final = "a domain that nobody has named"
"""What is said where no domain is given, and no report names one."""
_SPARED: Final = PASSED_ON | {"local_policy", "other"}


@attrs.frozen(kw_only=True)
class Struck:
    """What a policy would have done to one source.

    Attributes:
        name: The source.
        kind: What it is to us.
        messages: How many messages it sent.
        quarantined: How many would have been treated as suspicious.
        rejected: How many would have been refused.
        overridden: How many of these receivers would probably have let pass: they said so in the past.
        passed_on: How many of these somebody had passed on, a forwarder or a mailing list: the source itself, or
            one before it of which a receiver knew.

    >>> Struck(name="Mailchimp", kind=Kind.VENDOR, messages=80, quarantined=20).lost
    20
    """

    name: str
    kind: Kind
    messages: int
    quarantined: int = 0
    rejected: int = 0
    overridden: int = 0
    passed_on: int = 0

    @property
    def lost(self) -> int:
        """How many would have been quarantined or refused."""
        return self.quarantined + self.rejected

    @property
    def lost_at_source(self) -> int:
        """How many of them came right from the source, so that they can be mended there."""
        return self.lost - self.passed_on


@attrs.frozen(kw_only=True)
class Replay:
    """What a policy would have done to the mail of past reports.

    Attributes:
        record: The policy.
        domain: The domain that it is for.
        messages: How many messages the reports count.
        passed_over: How many more they count of other domains, and of subdomains with a record of their own.
        struck: What would have happened to each source, those that lose most first.
        sources: The sources.

    >>> replay([], "reject", domain="example.com").lost_share
    0.0
    """

    record: Record
    domain: str
    messages: int
    passed_over: int = 0
    struck: tuple[Struck, ...]
    sources: Sources = attrs.field(repr=False)

    @property
    def quarantined(self) -> int:
        """How many messages would have been treated as suspicious."""
        return sum(one.quarantined for one in self.struck)

    @property
    def rejected(self) -> int:
        """How many messages would have been refused."""
        return sum(one.rejected for one in self.struck)

    @property
    def lost(self) -> int:
        """How many messages would have been quarantined or refused."""
        return self.quarantined + self.rejected

    @property
    def lost_share(self) -> float:
        """Their share; 0 without messages."""
        return self.lost / self.messages if self.messages else 0.0

    @property
    def lost_of_ours(self) -> int:
        """How many of them come from sources that send for us, or pass our mail on."""
        return sum(one.lost for one in self.struck if one.kind is not Kind.UNKNOWN)

    @property
    def lost_at_source(self) -> int:
        """How many of them come right from sources that send for us, so that they can be mended there."""
        return sum(one.lost_at_source for one in self.struck if one.kind is not Kind.UNKNOWN)

    @property
    def lost_on_the_way(self) -> int:
        """How many of ours were passed on by forwarders and mailing lists: nobody can mend these."""
        return self.lost_of_ours - self.lost_at_source

    def __str__(self) -> str:
        return (
            f"{self.record.p or Policy.NONE} for {plain(self.domain) or UNNAMED}: {self.lost} of "
            f"{self.messages} messages ({self.lost_share:.1%}) would have been lost, {self.lost_of_ours} of them ours"
        )

    def _repr_html_(self) -> str:
        head = ("Source", "Kind", "Messages", "Quarantined", "Rejected", "Probably spared")
        rows = (
            (
                one.name,
                one.kind.value,
                *(f"{n:,}" for n in (one.messages, one.quarantined, one.rejected, one.overridden)),
            )
            for one in self.struck
        )
        return table(head, rows, none="No messages.")


@attrs.define
class _Tally:
    messages: int = 0
    quarantined: int = 0
    rejected: int = 0
    overridden: int = 0
    passed_on: int = 0


def replay(
    rows: Iterable[Row], policy: Record | Policy | str, *, domain: str = "", names: Names | None = None
) -> Replay:
    """Say what a policy would have done to the mail of past reports.

    A From domain below the policy's is judged by `sp`; whether it exists, reports do not tell, so `np` is
    not looked at. Rows of other domains, and of subdomains with a record of their own, are passed over;
    a report that is given twice is counted once.
    Strict alignment is judged anew from the results. t=y is one step milder (RFC 9989).

    Args:
        rows: The rows of past reports; they are gone through once.
        policy: A record, or just its `p`: "quarantine" or "reject".
        domain: The domain of the policy; if empty, that of the first report.
        names: Reverse names by address, for naming sources; nobody is asked for others.

    Raises:
        InvalidValue: The policy is none.

    >>> from ipaddress import ip_address
    >>> from mailkit.dns.aggregate import Published, Report
    >>> report = Report(policy=Published(domain="example.com"))
    >>> past = [Row(report=report, source_ip=ip_address(f"192.0.2.{end}"), count=50, dkim_aligned=end == 1,
    ...             spf_aligned=False, header_from="example.com") for end in (1, 2)]
    >>> print(replay(past, "reject"))
    reject for example.com: 50 of 100 messages (50.0%) would have been lost, 50 of them ours
    """
    return watched(rows, policy, domain=domain, names=names, watch=lambda row, source: None)


def watched(
    rows: Iterable[Row],
    policy: Record | Policy | str,
    *,
    domain: str,
    names: Names | None,
    watch: Callable[[Row, str], None],
) -> Replay:
    """The same, while somebody watches the rows that count, each with the name of its source.

    >>> watched([], "reject", domain="example.com", names=None, watch=print).messages
    0
    """
    record, name = _record(policy), domain.lower().rstrip(".")
    folding, tallies, messages, passed_over = Folding(names or {}), dict[str, _Tally](), 0, 0
    for row in once(rows):
        name = name or row.report.policy.domain or row.header_from
        if not _is_about(row, name):
            passed_over += row.count
            continue
        source = folding.add(row)
        watch(row, source)
        tally = tallies.setdefault(source, _Tally())
        messages += row.count
        tally.messages += row.count
        struck = _struck(row, record, name)
        if struck is Policy.REJECT:
            tally.rejected += row.count
        elif struck is Policy.QUARANTINE:
            tally.quarantined += row.count
        if struck is not Policy.NONE and any(reason.type in _SPARED for reason in row.reasons):
            tally.overridden += row.count
        if struck is not Policy.NONE and any(reason.type in PASSED_ON for reason in row.reasons):
            tally.passed_on += row.count
    found = folding.settle()
    every = (_struck_source(one, tallies[one.name]) for one in found)
    ranked = sorted(every, key=lambda one: (-one.lost, -one.messages, one.name))
    return Replay(
        record=record,
        domain=name,
        messages=messages,
        passed_over=passed_over,
        struck=tuple(ranked),
        sources=found,
    )


def _is_about(row: Row, domain: str) -> bool:
    """Whether a record of the domain has a say: From is it or below it, and has no nearer record of its own."""
    nearest = row.report.policy.domain
    return is_within(row.header_from, domain) and not (nearest != domain and is_within(nearest, domain))


def _record(policy: Record | Policy | str) -> Record:
    if isinstance(policy, Record):
        return policy
    if isinstance(policy, str) and not isinstance(policy, Policy) and "=" in policy:
        return Record.parse(policy)
    return Record(p=policy)


def _struck(row: Row, record: Record, domain: str) -> Policy:
    """What the policy asks for about these messages."""
    if _passes(row, record):
        return Policy.NONE
    is_below = row.header_from != domain and is_within(row.header_from, domain)
    asked = (record.policy_below() if is_below else record.policy) or Policy.NONE
    return MILDER[asked] if record.is_testing else asked


def _passes(row: Row, record: Record) -> bool:
    dkim = row.dkim_aligned and (record.adkim is Alignment.RELAXED or _is_exact(row.dkim, row.header_from))
    spf = row.spf_aligned and (record.aspf is Alignment.RELAXED or _is_exact(row.spf, row.header_from))
    return dkim or spf


def _is_exact(results: Iterable[DKIMResult | SPFResult], domain: str) -> bool:
    return any(one.result is AuthResult.PASS and one.domain == domain for one in results)


def _struck_source(one: Sending, tally: _Tally) -> Struck:
    return Struck(
        name=one.name,
        kind=one.kind,
        messages=tally.messages,
        quarantined=tally.quarantined,
        rejected=tally.rejected,
        overridden=tally.overridden,
        passed_on=tally.quarantined + tally.rejected if one.kind in PASSING_ON else tally.passed_on,
    )
