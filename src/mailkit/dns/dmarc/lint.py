"""What is to be said about the DMARC record that applies to a domain, and about the ones that do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from mailkit.dns.dmarc.external import report_host
from mailkit.dns.dmarc.record import Policy, Record, Suffix
from mailkit.dns.dmarc.walk import Discovery, Level
from mailkit.dns.lookup import Answer, Outcome
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity

__all__ = ["Mail", "lint", "suggested", "wanted"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_Offer: TypeAlias = Callable[..., TextRecord]
_REPORTS_ELSEWHERE: Final = "add rua=mailto: with an address at a domain that takes mail: this one takes none"
_say: Final = Saying[Level]("dmarc", lambda level: f"DMARC of {level.domain}", "RFC 9989")


class Mail(StrEnum):
    """What mail a domain has to do with."""

    SENT = "sent and taken"
    """It may send, and reports can arrive at it, or nobody knows."""
    ONLY_SENT = "not taken"
    """It takes none, so that no report can arrive at it."""
    NONE = "none"
    """It takes none, and nobody sends in its name."""

    @property
    def is_taken(self) -> bool:
        """Whether reports may arrive at the domain.

        >>> Mail.SENT.is_taken, Mail.NONE.is_taken
        (True, False)
        """
        return self is Mail.SENT


def lint(found: Discovery, *, mail: Mail = Mail.SENT) -> tuple[Finding, ...]:
    """What is to be said, each finding with the record to paste where there is one.

    Args:
        found: Which record applies.
        mail: What mail the domain has to do with; no reports are asked to a domain that takes none.

    >>> from mailkit.dns.lookup import NoData
    >>> level = Level(domain="example.com", outcome=NoData())
    >>> finding, = lint(Discovery(levels=(level,), applied=None, organizational="example.com", policy=None))
    >>> finding.code, finding.mend
    ('dns.dmarc-absent', '_dmarc.example.com. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"')
    """

    def offer(level: Level, record: Record | None = None) -> TextRecord:
        return suggested(level.domain, record, mail=mail if level is found.own else Mail.SENT)

    return (*_levels(found, offer), *_applied(found, offer, mail))


def suggested(domain: str, record: Record | None = None, *, mail: Mail = Mail.SENT) -> TextRecord:
    """The record to publish: the given one as it should be written, with somebody to report to.

    Args:
        domain: The domain.
        record: What is published.
        mail: What mail the domain has to do with; without any, everything is to be rejected.

    >>> suggested("example.com", Record.parse("v=DMARC1; p=reject; pct=100; rua=mailto:a@example.com")).text
    'v=DMARC1; p=reject; rua=mailto:a@example.com'
    >>> suggested("example.com", mail=Mail.NONE).text
    'v=DMARC1; p=reject; sp=reject'
    """
    least = Policy.REJECT if mail is Mail.NONE else Policy.NONE
    record = record or Record(p=least, sp=Policy.REJECT if mail is Mail.NONE else None)
    rua = record.rua or (f"mailto:dmarc@{domain}",)
    if not mail.is_taken:
        rua = tuple(uri for uri in record.rua if report_host(uri) != domain)
    record = attrs.evolve(record, p=record.p or least, rua=rua)
    why = "asks for daily reports, without a change for any mail" if record.p is Policy.NONE else ""
    return TextRecord(name=f"_dmarc.{domain}", text=str(record), why=why if rua else _REPORTS_ELSEWHERE)


def wanted(found: Discovery, *, mail: Mail = Mail.SENT) -> TextRecord | None:
    """The record to publish at the domain; None if the one that applies will do, or is not known.

    Args:
        found: Which record applies.
        mail: What mail the domain has to do with.
    """
    own, applied = found.own, found.applied
    if found.unanswered:
        return None
    if applied is None:
        return suggested(own.domain, Record.parse(own.texts[0]) if own.texts else None, mail=mail)
    record = applied.record
    if record is None or applied is not own:  # a parent's record is the parent's to mend
        return None
    is_heard = record.rua or not mail.is_taken
    is_sound = is_heard and record.is_whole and not record.broken and not record.historic
    return None if is_sound else suggested(own.domain, record, mail=mail)


def _levels(found: Discovery, offer: _Offer) -> Iterator[Finding]:
    """What went wrong on the walk."""
    own = found.own
    for level in found.levels:
        if len(level.texts) > 1:
            message = f"{level.name} has {len(level.texts)} DMARC records; several count as none"
            mend = str(offer(level, Record.parse(level.texts[0])))
            severity = _ERROR if level is own else _WARNING
            yield _say("several", severity, message, level, " | ".join(level.texts), mend, "4.10")
        elif isinstance(level.outcome, Answer) and not level.texts and level is own:
            yield _not_a_record(level, level.outcome, found.existence, offer)
    for level in found.unanswered:
        message = f"whether {level.name} has a DMARC record is not known: {level.outcome}"
        mend = "ask again; if it lasts, mend the name server"
        code = "unanswered" if level is own or not found.applied else "parent-unanswered"
        yield _say(code, _WARNING, message, level, "", mend, "4.10.1")


def _not_a_record(level: Level, outcome: Answer, at_domain: Outcome | None, offer: _Offer) -> Finding:
    likely = [text for text in outcome.values if "dmarc1" in text.lower()[:40]]
    if likely:
        message = "a DMARC record must begin with v=DMARC1, in this spelling; this one is ignored"
        return _say("not-a-record", _WARNING, message, level, " | ".join(likely), "", "4.7")
    evidence = " | ".join(outcome.values)
    known = at_domain.values if isinstance(at_domain, Answer) else ()
    if any(text in known or text.lower().startswith("v=spf1") for text in outcome.values):
        message = f"what answers for {level.name} was not meant for it: a wildcard (*.{level.domain}), it seems"
        return _say("wildcard", _WARNING, message, level, evidence, str(offer(level)), "4.7")
    return _say("not-a-record", _WARNING, "what is there is not a DMARC record", level, evidence, "", "4.7")


def _applied(found: Discovery, offer: _Offer, mail: Mail) -> Iterator[Finding]:
    level = found.applied
    if level is None or level.record is None:
        if not found.unanswered and not found.own.texts:
            message = "no DMARC record applies to the domain; large mailbox providers refuse bulk mail without one"
            yield _say("absent", _ERROR, message, found.own, "", str(offer(found.own)), "4.10.1")
        return
    record = level.record
    yield from _tags(level, record, offer)
    mended = str(offer(level, record))
    if found.policy is None:
        message = "the record does not say p, nor whom to report to, so that it is ignored"
        yield _say("no-policy", _ERROR, message, level, level.texts[0], mended, "4.10.1")
        return
    if not record.is_whole:
        message = "the record has no policy that can be read, and counts as p=none"
        yield _say("no-policy", _WARNING, message, level, level.texts[0], mended, "4.10.1")
    elif found.policy is Policy.NONE:
        message = "the policy is none: reports are asked for, and forged mail is not stopped"
        yield _say("none", _INFO, message, level, level.texts[0], "", "4.7")
    if not mail.is_taken:
        yield from _unreachable(found, level, record)
    if not record.rua:
        mended = mended if mail.is_taken or level is not found.own else _REPORTS_ELSEWHERE
        message = "nobody gets reports, so that nobody would see who sends in the domain's name"
        yield _say("no-rua", _WARNING, message, level, level.texts[0], mended, "4.7")
    if record.is_testing and found.policy is not Policy.NONE:
        message = f"the policy {found.policy} is being tested (t=y), and is applied one step milder"
        yield _say("testing", _INFO, message, level, "t=y", str(offer(level, record)), "4.7")
    yield from _subdomains(found, level, record, offer)
    yield from _reports(level, record, offer)
    if level is not found.own:
        message = f"the domain has no record of its own; that of {level.domain} applies: {found.policy}"
        yield _say("inherited", _INFO, message, level, level.texts[0], "", "4.10.1")


def _unreachable(found: Discovery, level: Level, record: Record) -> Iterator[Finding]:
    """Whether reports would go to the domain although it takes no mail."""
    lost = [uri for uri in record.rua if report_host(uri) == found.own.domain]
    if lost:
        message = f"reports go to {found.own.domain}, which takes no mail: nobody gets them"
        yield _say("rua-unreachable", _WARNING, message, level, " | ".join(lost), _REPORTS_ELSEWHERE, "4.7")


def _subdomains(found: Discovery, level: Level, record: Record, offer: _Offer) -> Iterator[Finding]:
    """What is to be said about the policies for subdomains."""
    text = level.texts[0]
    if not record.is_whole or record.p is None:
        return
    if level is found.own and level.domain != found.organizational:
        if record.sp or record.np:
            message = f"sp and np count only at the organizational domain, {found.organizational}, and not here"
            yield _say("unused", _INFO, message, level, text, "", "4.7")
        return
    below, missing = record.policy_below() or record.p, record.policy_below(exists=False) or record.p
    if below.rank < record.p.rank:
        message = f"subdomains are guarded less than the domain itself: sp={below.value}, but p={record.p.value}"
        mend = str(offer(level, attrs.evolve(record, sp=None)))
        yield _say("sp-weaker", _WARNING, message, level, text, mend, "4.7")
    if missing.rank < min(below.rank, record.p.rank):
        message = f"mail from subdomains that do not exist is guarded least (np={missing.value}): nobody's but forgers'"
        mend = str(offer(level, attrs.evolve(record, np=None)))
        yield _say("np-weaker", _WARNING, message, level, text, mend, "4.7")
    elif record.np is None and missing.rank < record.p.rank and below is Policy.NONE:
        message = "np=reject would stop forgers who invent subdomains, without a change for any mail of yours"
        mend = str(offer(level, attrs.evolve(record, np=Policy.REJECT)))
        yield _say("np-missing", _INFO, message, level, text, mend, "4.7")


def _reports(level: Level, record: Record, offer: _Offer) -> Iterator[Finding]:
    """What is to be said about reports and psd."""
    text = level.texts[0]
    if record.fo != "0" and not record.ruf:
        message = f"fo={record.fo} means nothing without ruf, which nobody is named in"
        yield _say("fo-unused", _INFO, message, level, text, "", "4.7")
    others = [uri for uri in (*record.rua, *record.ruf) if not uri.lower().startswith("mailto:")]
    if others:
        message = f"most receivers send reports only by mail, and none to {cut(others[0], longest=60)}"
        yield _say("scheme", _INFO, message, level, " | ".join(others), "", "4.7")
    if record.psd is Suffix.YES:
        message = (
            "psd=y says that others register their domains below this one, so that none of them is aligned with it"
        )
        mend = str(offer(level, attrs.evolve(record, psd=Suffix.UNKNOWN)))
        severity = _WARNING if level.domain.count(".") else _INFO
        yield _say("psd", severity, message, level, text, mend, "4.7")
        if record.ruf:
            message = "a public suffix must not ask for failure reports: they would tell of other people's mail"
            mend = str(offer(level, attrs.evolve(record, ruf=())))
            yield _say("psd-ruf", _WARNING, message, level, text, mend, "RFC 9991, 2")


def _tags(level: Level, record: Record, offer: _Offer) -> Iterator[Finding]:
    for broken in record.broken:
        message = f"{cut(broken.text, longest=40)!r} {broken.reason}, and is ignored"
        yield _say("syntax", _WARNING, message, level, broken.text, broken.mend, "4.8", broken.span)
    for tag in record.historic:
        message = f"{tag.name}= means nothing any more" + ("; t=y takes its place" if tag.name == "pct" else "")
        mend = str(offer(level, record))
        yield _say("historic", _INFO, message, level, str(tag), mend, "4.7", tag.span)
