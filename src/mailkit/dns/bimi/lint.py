"""What there is of BIMI at a domain, what is to be said about it, and what to publish."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import attrs

from mailkit.clock import utc
from mailkit.dns import dmarc
from mailkit.dns.bimi.mark import Mark
from mailkit.dns.bimi.record import Record, is_bimi
from mailkit.dns.bimi.svg import LONGEST_BYTES, faults
from mailkit.dns.errands import Fetch, Fetched, NotAsked
from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask, each, fetch
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import cut
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Severity

__all__ = ["Found", "find", "lint", "suggested"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SOON: Final = timedelta(days=30)
_DRAFT: Final = "draft-brand-indicators-for-message-identification-10"

Page: TypeAlias = Fetched | Failure | NotAsked | None


@attrs.frozen(kw_only=True)
class Found:
    """What there is of BIMI at a domain.

    Attributes:
        domain: The domain.
        selector: The selector that was asked for.
        name: Where the record was found, or belongs.
        outcome: What became of the question for it.
        texts: The BIMI records found; several count as none.
        record: The one that counts; None if there is none.
        logo: What became of fetching the logo; None if the record names none.
        mark: What became of fetching the mark certificate; None if the record names none.
    """

    domain: str
    selector: str = "default"
    name: str
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: Record | None = None
    logo: Page = None
    mark: Page = None


_say: Final = Saying[Found]("bimi", lambda found: f"BIMI of {found.domain}", _DRAFT)


def find(domain: str, *, selector: str = "default", organizational: str = "") -> Check[Found]:
    """Ask for the record, at the organizational domain, too, and fetch what it names.

    A check for `mailkit.dns.drive.run`.

    Args:
        domain: The domain of From.
        selector: The selector; "default" unless letters say another in BIMI-Selector.
        organizational: The organizational domain, as DMARC's walk finds it; its record stands in for one.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("default._bimi.example.com", "TXT"): ["v=BIMI1; l=; a="]}
    >>> run_sync(find("news.example.com", organizational="example.com"), resolver=zone).name
    'default._bimi.example.com'
    """
    names = dict.fromkeys(f"{selector}._bimi.{one}" for one in (domain, organizational or domain))
    own, *above = yield from each(_ask(name) for name in names)
    name, outcome, texts = next((one for one in (own, *above) if one[2] or isinstance(one[1], Failure)), own)
    record = Record.parse(texts[0]) if len(texts) == 1 else None
    found = Found(domain=domain, selector=selector, name=name, outcome=outcome, texts=texts, record=record)
    if record is None:
        return found
    logo, mark = yield from each([_page(record.logo, LONGEST_BYTES), _page(record.mark, LONGEST_BYTES)])
    return attrs.evolve(found, logo=logo, mark=mark)


def _ask(name: str) -> Check[tuple[str, Outcome, tuple[str, ...]]]:
    outcome = yield from ask(Query(name, "TXT"))
    return name, outcome, tuple(filter(is_bimi, outcome.values)) if isinstance(outcome, Answer) else ()


def _page(url: str, longest: int) -> Check[Page]:
    return (yield from fetch(Fetch(url, longest, follows=True))) if url else None


def suggested(domain: str, *, logo: str, mark: str = "", selector: str = "default") -> TextRecord:
    """The record to publish.

    >>> print(suggested("example.com", logo="https://example.com/logo.svg"))
    default._bimi.example.com. IN TXT "v=BIMI1; l=https://example.com/logo.svg; a="
    """
    text = str(Record(logo=logo, mark=mark))
    return TextRecord(name=f"{selector}._bimi.{domain}", text=text, why="shows the domain's logo beside its letters")


def lint(
    found: Found, *, now: datetime, policy: dmarc.Record | None = None, is_policy_known: bool = True
) -> tuple[Finding, ...]:
    """What is to be said.

    Args:
        found: What there is.
        now: The time that the mark certificate should be valid at.
        policy: The DMARC record that applies to the domain.
        is_policy_known: Whether it is known that this is the one; if not, nothing is said about it.

    >>> from datetime import UTC
    >>> from mailkit.dns.lookup import NoData
    >>> nothing = Found(domain="example.com", name="default._bimi.example.com", outcome=NoData())
    >>> [finding.code for finding in lint(nothing, now=datetime(2026, 11, 28, tzinfo=UTC))]
    ['dns.bimi-absent']
    """
    if found.record is None:
        return (_no_record(found),)
    findings = [*_of_record(found, found.record)]
    if found.record.logo:
        findings += _of_policy(found, policy) if is_policy_known else ()
    return (*findings, *_of_logo(found), *_of_mark(found, utc(now)))


def _no_record(found: Found) -> Finding:
    if len(found.texts) > 1:
        message = f"there are {len(found.texts)} BIMI records; several count as none"
        return _say("several", _ERROR, message, found, " | ".join(found.texts), "keep one", "7.2")
    if isinstance(found.outcome, Failure):
        message = f"whether the domain has a BIMI record is not known: {found.outcome}"
        return _say("unanswered", _WARNING, message, found, mend="ask again", source="7.2")
    if isinstance(found.outcome, Answer):
        message = "what is there is not a BIMI record, which begins with v=BIMI1"
        return _say("not-a-record", _WARNING, message, found, " | ".join(found.outcome.values), source="4.3")
    message = "the domain has no logo (BIMI) for its letters"
    mend = str(suggested(found.domain, logo=f"https://{found.domain}/logo.svg", selector=found.selector))
    return _say("absent", _INFO, message, found, str(found.outcome), mend, "4.3")


def _of_record(found: Found, record: Record) -> Iterator[Finding]:
    text = found.texts[0]
    for part in record.broken:
        message = f"{cut(part.text, longest=60)!r} {part.reason}; receivers take no record with such a part"
        yield _say("syntax", _ERROR, message, found, text, part.mend, "4.3", part.span)
    if not record.has_logo and not record.broken:
        yield _say("syntax", _ERROR, "the record has no l=, where the logo belongs", found, text, source="4.3")
    elif record.is_declination:
        message = "the domain says that no logo is to be shown"
        yield _say("declined", _INFO, message, found, text, source="4.3.1")
    elif record.logo and not record.mark:
        message = "the record names no mark certificate (a=), without which Gmail and Apple show no logo"
        yield _say("no-mark", _WARNING, message, found, text, "get a VMC or a CMC, and name it", "4.3")


def _of_policy(found: Found, policy: dmarc.Record | None) -> Iterator[Finding]:
    strict = (dmarc.Policy.QUARANTINE, dmarc.Policy.REJECT)
    if policy is None or policy.policy not in strict:
        message = "the DMARC policy is not quarantine or reject, so that no receiver shows the logo"
        mend = "go on to p=quarantine or p=reject"
        yield _say("policy", _ERROR, message, found, str(policy or ""), mend, "7.1")
    elif policy.policy_below() not in strict:
        message = "the DMARC policy for subdomains is none, so that no receiver shows the logo"
        yield _say("policy", _ERROR, message, found, str(policy), "remove sp=none", "7.1")
    elif any(tag.name == "pct" and tag.value != "100" for tag in policy.historic):
        message = "the DMARC record has a pct other than 100, with which many receivers show no logo"
        yield _say("policy", _WARNING, message, found, str(policy.historic[0]), "remove pct", "7.1")
    elif policy.is_testing:
        message = "the DMARC policy is being tested (t=y), so that receivers may not show the logo"
        yield _say("policy", _WARNING, message, found, str(policy), "remove t=y", "7.1")


def _of_logo(found: Found) -> Iterator[Finding]:
    page, record = found.logo, found.record
    url = record.logo if record else ""
    if not isinstance(page, Fetched) or page.status != 200:
        yield from _not_there(found, page, "logo", url)
        return
    if page.media_type != "image/svg+xml":
        message = f"the logo is served as {cut(page.media_type, longest=60) or 'nothing'!r}, not as image/svg+xml"
        yield _say("logo-media-type", _WARNING, message, found, url, "serve it as image/svg+xml", "4.3.2")
    for fault in faults(page.body):
        severity = _ERROR if fault.is_fatal else _WARNING
        evidence = fault.evidence or url
        yield _say(
            f"logo-{fault.word}",
            severity,
            f"the logo cannot be shown: {fault.message}",
            found,
            evidence,
            source="7.6",
        )


def _not_there(found: Found, page: Page, what: str, url: str) -> Iterator[Finding]:
    if isinstance(page, NotAsked):
        message = f"whether the {what} can be fetched was not looked at, as no fetcher was given"
        yield _say(f"{what}-not-asked", _INFO, message, found, url, source="7.3")
    elif isinstance(page, Fetched):
        message = f"the {what} is not there: the web server answers with status {page.status}"
        yield _say(f"{what}-absent", _ERROR, message, found, url, source="7.3")
    elif isinstance(page, Failure):
        message = f"the {what} could not be fetched: {page}"
        yield _say(f"{what}-unanswered", _WARNING, message, found, url, "try again", "7.3")


def _of_mark(found: Found, now: datetime) -> Iterator[Finding]:
    page, record = found.mark, found.record
    url = record.mark if record else ""
    if not isinstance(page, Fetched) or page.status != 200:
        yield from _not_there(found, page, "mark", url)
        return
    try:
        mark = Mark.parse(page.body)
    except InvalidValue as error:
        yield _say("mark-unreadable", _ERROR, f"the mark certificate {error.reason}", found, url, source="7.4")
        return
    yield from _dates(found, mark, now)
    yield from _contents(found, mark)


def _dates(found: Found, mark: Mark, now: datetime) -> Iterator[Finding]:
    evidence = f"{mark.valid_from:%Y-%m-%d} to {mark.valid_until:%Y-%m-%d}"
    if not mark.valid_from <= now <= mark.valid_until:
        message = "the mark certificate is not valid " + ("any more" if now > mark.valid_until else "yet")
        yield _say("mark-expired", _ERROR, message, found, evidence, "renew it", "7.4")
    elif mark.valid_until - now < _SOON:
        days = (mark.valid_until - now).days
        yield _say(
            "mark-expires", _WARNING, f"the mark certificate ends in {days} days", found, evidence, "renew it", "7.4"
        )


def _contents(found: Found, mark: Mark) -> Iterator[Finding]:
    if not mark.is_of(found.domain, found.selector):
        message = f"the mark certificate is not for {found.domain}"
        yield _say("mark-domain", _ERROR, message, found, ", ".join(mark.names), source="7.4")
    if not mark.is_for_marks:
        message = "the certificate is not meant for marks: it has not the purpose 1.3.6.1.5.5.7.3.31"
        yield _say("mark-purpose", _ERROR, message, found, mark.subject, source="7.4")
    if not mark.has_logotype:
        message = "the certificate has no logo within (1.3.6.1.5.5.7.1.12)"
        yield _say("mark-logotype", _ERROR, message, found, mark.subject, source="7.4")
    elif isinstance(found.logo, Fetched) and found.logo.status == 200 and mark.shows(found.logo.body) is False:
        message = "the logo is not the one within the mark certificate, byte for byte"
        yield _say("mark-logo", _ERROR, message, found, mark.subject, "publish the logo that was certified", "7.4")
    kind = f"{mark.kind}, " if mark.kind else ""
    until = f"{kind}valid until {mark.valid_until:%Y-%m-%d}"
    message = f"the mark certificate ({until}) was issued by {cut(mark.issuer, longest=120)}"
    yield _say("mark-issuer", _INFO, message, found, mark.subject, source="7.4")
