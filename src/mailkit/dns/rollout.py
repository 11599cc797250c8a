"""From p=none to p=reject without losing mail: replay of a policy on past reports, and a plan in stages.

How to think about it: past rows say which messages fail. `replay` asks of each what a policy would
have done to it; `plan` looks at who sent the failing ones. A source that sends for us and fails is a
*blocker*, named with its volume and what to mend; one that shows nothing of ours is probably forged,
and to be rid of it is what the policy is for. The next stage is open when there are no blockers, and
enough reports of long enough a time.

>>> from mailkit.dns import rollout
>>> print(rollout.replay([], "reject", domain="example.com"))
reject for example.com: 0 of 0 messages (0.0%) would have been lost, 0 of them ours
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import attrs

from mailkit.checks import counted, share
from mailkit.clock import utc
from mailkit.dns.aggregate.folding import Names
from mailkit.dns.aggregate.naming import Naming
from mailkit.dns.aggregate.sending import PASSING_ON, Kind, Sending
from mailkit.dns.aggregate.values import Row
from mailkit.dns.dmarc.record import Policy, Record
from mailkit.dns.records import TextRecord
from mailkit.dns.replay import MILDER, UNNAMED, Replay, Struck, replay, watched
from mailkit.dns.show import table
from mailkit.dns.tags import plain
from mailkit.dns.vendors import ReturnPath
from mailkit.errors import InvalidValue

__all__ = ["Blocker", "Condition", "Conditions", "Plan", "Replay", "Stage", "Struck", "plan", "replay", "stage_of"]


class Stage(StrEnum):
    """How far a domain has come."""

    NONE = "none"
    """Receivers report, and do nothing."""
    TESTING = "testing"
    """p=quarantine; t=y: receivers that know RFC 9989 still do nothing, others begin. Takes the place of pct."""
    QUARANTINE = "quarantine"
    """Failing mail is treated as suspicious."""
    REJECT = "reject"
    """Failing mail is refused."""


_MOST_NAMED: Final = 5
"""Sources and addresses that a sentence names."""
_STAGES: Final = tuple(Stage)
_SETTINGS: Final = {
    Stage.NONE: (Policy.NONE, False),
    Stage.TESTING: (Policy.QUARANTINE, True),
    Stage.QUARANTINE: (Policy.QUARANTINE, False),
    Stage.REJECT: (Policy.REJECT, False),
}


@attrs.frozen(kw_only=True)
class Conditions:
    """When a stage opens the next one. The defaults are careful; a shop with little mail may want fewer messages.

    Attributes:
        least_days: For how long reports must have come, in days; gaps between reports count as days.
        least_messages: How many messages they must count.
        most_lost_share: Which share of our own mail may be lost: that of sources that send for us. What forwarders
            and mailing lists pass on does not count, since nobody can mend it.
        blocking_messages: How many failing messages make a source that sends for us a blocker.
        blocking_share: And which share of its mail they must be.
        stalest: How old the newest report may be.

    >>> Conditions().least_days, Conditions().most_lost_share
    (14, 0.01)
    """

    least_days: int = attrs.field(default=14, validator=counted)
    least_messages: int = attrs.field(default=100, validator=counted)
    most_lost_share: float = attrs.field(default=0.01, validator=share)
    blocking_messages: int = attrs.field(default=5, validator=counted)
    blocking_share: float = attrs.field(default=0.02, validator=share)
    stalest: timedelta = timedelta(days=3)


@attrs.frozen(kw_only=True)
class Condition:
    """One condition for the next stage, and how it stands.

    Attributes:
        is_met: Whether it is met.
        what: What is wanted, and what there is.

    >>> print(Condition(is_met=False, what="reports of 14 days, 3 so far"))
    NOT MET: reports of 14 days, 3 so far
    """

    is_met: bool
    what: str

    def __str__(self) -> str:
        return f"{'met' if self.is_met else 'NOT MET'}: {self.what}"


@attrs.frozen(kw_only=True)
class Blocker:
    """A source that sends for us and would lose mail.

    Attributes:
        source: The source.
        lost: How many of its messages the next stage would strike, t=y not counted, without those that somebody
            had passed on.
        share: Their share of its messages.
        mend: What to do about it.

    >>> source = Sending(name="Mailchimp", kind="vendor", messages=80)
    >>> print(Blocker(source=source, lost=80, share=1.0, mend="set DKIM up at Mailchimp for example.com"))
    Mailchimp: 80 of 80 messages would be lost; set DKIM up at Mailchimp for example.com
    """

    source: Sending
    lost: int
    share: float
    mend: str

    def __str__(self) -> str:
        return f"{self.source.name}: {self.lost} of {self.source.messages} messages would be lost; {self.mend}"


@attrs.frozen(kw_only=True)
class Plan:
    """How far a domain has come with DMARC, and what stands between it and the next stage.

    Attributes:
        domain: The domain.
        stage: Where it stands.
        next_stage: The next stage; None behind the last.
        conditions: What is wanted for it.
        blockers: Sources to mend first, those that lose most first.
        accepted: Forwarders and mailing lists that would lose mail; nobody can mend these.
        unknown: Sources that show nothing of ours and would lose mail: forged, or never set up. Look through them.
        replay: What the policy of the next stage, or of this one behind the last, would have done to past mail.
        record: What to paste when the next stage is open, made also while it is not: ask `is_open` first. None
            behind the last stage, and without a domain.

    >>> from datetime import UTC
    >>> plan([], "v=DMARC1; p=reject", now=datetime(2026, 1, 1, tzinfo=UTC), domain="example.com").stage
    <Stage.REJECT: 'reject'>
    """

    domain: str
    stage: Stage
    next_stage: Stage | None
    conditions: tuple[Condition, ...]
    blockers: tuple[Blocker, ...]
    accepted: tuple[Struck, ...]
    unknown: tuple[Struck, ...]
    replay: Replay = attrs.field(repr=False)
    record: TextRecord | None

    @property
    def is_open(self) -> bool:
        """Whether the next stage may begin."""
        return self.next_stage is not None and not self.blockers and all(one.is_met for one in self.conditions)

    def __str__(self) -> str:
        head = f"{plain(self.domain) or UNNAMED} is at {self.stage}"
        head += (
            f"; the next stage, {self.next_stage}, is {'open' if self.is_open else 'shut'}" if self.next_stage else ""
        )
        lines = [head, *(f"  {one}" for one in self.conditions), *(f"  blocker: {one}" for one in self.blockers)]
        return "\n".join([*lines, f"  {self.record}"] if self.is_open else lines)

    def _repr_html_(self) -> str:
        rows = [("condition", str(one)) for one in self.conditions] + [("blocker", str(one)) for one in self.blockers]
        rows += [("paste", str(self.record))] if self.is_open else []
        title = f"{plain(self.domain) or UNNAMED}: {self.stage} → {self.next_stage or 'done'}"
        return table((title, ""), rows, none="Nothing is known.")


def plan(
    rows: Iterable[Row],
    record: Record | str,
    *,
    now: datetime,
    domain: str = "",
    since: datetime | None = None,
    conditions: Conditions | None = None,
    names: Names | None = None,
    ours: Iterable[str] = (),
    foreign: Iterable[str] = (),
) -> Plan:
    """Say what stands between a domain and the next stage: none, testing, quarantine, reject.

    Args:
        rows: The rows of past reports, of the last month for example; they are gone through once. Rows of other
            domains count for nothing, and a report that is given twice counts once.
        record: The record as it is published now.
        now: The present instant.
        domain: The domain; if empty, that of the first report.
        since: When the present record went live; only reports from then on count for `Conditions.least_days`.
        conditions: What is wanted before a stage opens.
        names: Reverse names by address, for naming sources.
        ours: Sources that are known to send for us, whatever they show. Each is a source's name as it is shown, a
            vendor's key, an address that was seen there or lies in its networks, a network that contains it, or a
            domain that it signs (DKIM d=) or sends (SPF) with.
        foreign: Sources that are known not to send for us, said in the same words; `ours` goes before.

    Raises:
        InvalidValue: The record is none, an instant has no zone, or a word of `ours` or `foreign` is no source of
            these reports.

    >>> from datetime import UTC
    >>> new_year, published = datetime(2026, 1, 1, tzinfo=UTC), "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
    >>> print(plan([], published, now=new_year, domain="example.com"))
    example.com is at none; the next stage, testing, is shut
      NOT MET: reports come (rua), none has come yet
      NOT MET: reports of 14 days, 0 so far
      NOT MET: 100 messages reported, 0 so far
      met: at most 1.0% of our own mail lost, 0.0% by past reports
    """
    wanted, present = conditions or Conditions(), record if isinstance(record, Record) else Record.parse(record)
    moment = utc(now, what="plan(now=)")
    span = _Span(None if since is None else utc(since, what="plan(since=)"))
    stage = stage_of(present)
    next_stage = _STAGES[_STAGES.index(stage) + 1] if stage is not _STAGES[-1] else None
    target = _at(present, next_stage or stage)
    ours_by, foreign_by = Naming(ours, what="plan(ours=)"), Naming(foreign, what="plan(foreign=)")

    def watch(row: Row, source: str) -> None:
        span.see(row)
        ours_by.see(row, source)
        foreign_by.see(row, source)

    past = watched(rows, attrs.evolve(target, is_testing=False), domain=domain, names=names, watch=watch)
    known = ours_by.names(past.sources), foreign_by.names(past.sources)
    kinds = {one.name: _known_kind(one, *known) for one in past.sources}
    struck = tuple(_as_known(one, kinds[one.name]) for one in past.struck)
    past = attrs.evolve(past, struck=struck)
    return Plan(
        domain=past.domain,
        stage=stage,
        next_stage=next_stage,
        conditions=_conditions(wanted, past, span, present, moment),
        blockers=_blockers(wanted, past),
        accepted=tuple(one for one in struck if one.lost and one.kind in PASSING_ON),
        unknown=tuple(one for one in struck if one.lost and one.kind is Kind.UNKNOWN),
        replay=past,
        record=_paste(past.domain, target, next_stage),
    )


def _paste(domain: str, record: Record, stage: Stage | None) -> TextRecord | None:
    """The record for a zone; reports may name domains that are none."""
    try:
        return TextRecord(name=f"_dmarc.{domain}", text=str(record), why=f"stage {stage}") if stage else None
    except InvalidValue:
        return None


def stage_of(record: Record) -> Stage:
    """The stage that a record stands for.

    >>> stage_of(Record.parse("v=DMARC1; p=reject; t=y"))
    <Stage.QUARANTINE: 'quarantine'>
    """
    policy = record.policy or Policy.NONE
    if policy is Policy.QUARANTINE and record.is_testing:
        return Stage.TESTING
    return Stage((MILDER[policy] if record.is_testing else policy).value)


def _at(record: Record, stage: Stage) -> Record:
    """The record as it is at a stage; all else stays, tags of RFC 7489 and what was broken go."""
    policy, is_testing = _SETTINGS[stage]
    return attrs.evolve(record, p=policy, is_testing=is_testing, historic=(), broken=())


@attrs.define
class _Span:
    """From when to when reports reach, beginning with an instant if there is one."""

    since: datetime | None
    first: datetime | None = None
    last: datetime | None = None

    def see(self, row: Row) -> None:
        begin, end = row.report.begin, row.report.end
        if begin and end and (self.since is None or end >= self.since):
            self.first = begin if self.first is None else min(begin, self.first)
            self.last = end if self.last is None else max(end, self.last)

    @property
    def days(self) -> float:
        if self.first is None or self.last is None:
            return 0.0
        return (self.last - max(self.first, self.since or self.first)) / timedelta(days=1)


def _conditions(wanted: Conditions, past: Replay, span: _Span, present: Record, now: datetime) -> tuple[Condition, ...]:
    return (
        _reports_come(wanted, span, present, now),
        Condition(
            is_met=round(span.days, 1) >= wanted.least_days,
            what=f"reports of {wanted.least_days} days, {span.days:.3g} so far",
        ),
        Condition(
            is_met=past.messages >= wanted.least_messages,
            what=f"{wanted.least_messages} messages reported, {past.messages} so far",
        ),
        _little_is_lost(wanted, past),
    )


def _reports_come(wanted: Conditions, span: _Span, present: Record, now: datetime) -> Condition:
    what = f"the newest is from {span.last:%Y-%m-%d %H:%M} UTC" if span.last else "none has come yet"
    if span.last and now < span.last:
        what += f", which is after {now:%Y-%m-%d %H:%M} UTC, the present instant that was given"
    if not present.rua:
        what += ", and the record asks for none: add rua="
    return Condition(
        is_met=bool(present.rua) and span.last is not None and timedelta() <= now - span.last <= wanted.stalest,
        what=f"reports come (rua), {what}",
    )


def _little_is_lost(wanted: Conditions, past: Replay) -> Condition:
    """Whether enough of our own mail passes, and through whom it does not. What is passed on is told beside."""
    ours = [one for one in past.struck if one.kind in (Kind.VENDOR, Kind.OWN)]
    messages, lost = sum(one.messages for one in ours), sum(one.lost_at_source for one in ours)
    part = lost / messages if messages else 0.0
    what = f"at most {wanted.most_lost_share:.1%} of our own mail lost, {part:.1%} by past reports"
    if part > wanted.most_lost_share:
        worst = sorted((one for one in ours if one.lost_at_source), key=lambda one: -one.lost_at_source)
        named = ", ".join(f"{one.name} {one.lost_at_source} of {one.messages}" for one in worst[:_MOST_NAMED])
        what += f": {named}{_and_more(len(worst))}"
    if past.lost_on_the_way:
        count = past.lost_on_the_way
        what += f" (and {count} message{'' if count == 1 else 's'} that others had passed on: nobody can mend these)"
    return Condition(is_met=part <= wanted.most_lost_share, what=what)


def _and_more(count: int) -> str:
    return f" and {count - _MOST_NAMED} more" if count > _MOST_NAMED else ""


def _as_known(one: Struck, kind: Kind) -> Struck:
    """What is struck of a source, now that it is known what it is to us."""
    if one.kind in PASSING_ON and kind not in PASSING_ON:
        return attrs.evolve(one, kind=kind, passed_on=0)  # the caller says that it sends by itself
    return attrs.evolve(one, kind=kind)


def _known_kind(one: Sending, ours: frozenset[str], foreign: frozenset[str]) -> Kind:
    """What a source is to us, by the caller's own knowledge first."""
    if one.name in ours:
        return Kind.VENDOR if one.vendor else Kind.OWN
    return Kind.UNKNOWN if one.name in foreign else one.kind


def _blockers(wanted: Conditions, past: Replay) -> tuple[Blocker, ...]:
    by_name = {one.name: one for one in past.sources}
    return tuple(
        Blocker(
            source=by_name[one.name], lost=one.lost_at_source, share=part, mend=_mend(by_name[one.name], past.domain)
        )
        for one in past.struck
        if one.kind in (Kind.VENDOR, Kind.OWN)
        and one.lost_at_source >= wanted.blocking_messages
        and (part := one.lost_at_source / one.messages) >= wanted.blocking_share
    )


def _mend(one: Sending, domain: str) -> str:
    """What to do so that a source's mail passes; DKIM first, since it also survives being passed on."""
    where = plain(one.header_from[0] if one.header_from else domain)
    if one.vendor is None:
        seen = one.failing_addresses
        addresses = " ".join(f"ip{6 if ':' in address else 4}:{address}" for address in seen[:_MOST_NAMED])
        sign = f"let it sign with DKIM for {where}"
        if not seen:  # each passes by relaxed alignment, and strict alignment is asked for
            return f"{sign} itself"
        return f"{sign}, and add {addresses}{_and_more(len(seen))} to SPF of {where} if they are yours"
    keys = ", ".join(f"{selector}._domainkey.{where}" for selector in one.vendor.selectors)
    sign = f"set DKIM up at {one.vendor} for {where}" + (f" ({keys})" if keys else "")
    if not one.vendor.spf or one.vendor.return_path is ReturnPath.OWN:
        return sign
    condition = f" if its return path is of {where} itself" if one.vendor.return_path is ReturnPath.EITHER else ""
    return f"{sign}, and have include:{one.vendor.include(where)} in SPF of {where}{condition}"
