"""What is to be said about MTA-STS of a domain, and what to publish (RFC 8461)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from mailkit.address import Domain
from mailkit.dns.errands import Fetch, Fetched, NotAsked
from mailkit.dns.lookup import Answer, Check, Failure, Malformed, Outcome, Query, ServerFailure, ask, fetch
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import Fault, cut, texts, word
from mailkit.dns.tls.sts import Mode, StsPolicy, StsRecord, is_sts
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Severity

__all__ = ["StsFound", "find_sts", "lint_sts", "sts_policy", "sts_record"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SHORT: Final = timedelta(days=1)
_RATHER_SHORT: Final = timedelta(weeks=1)
"""\"It is expected that this value typically be in the range of weeks or greater\" (RFC 8461, 3.2)."""

Page: TypeAlias = Fetched | Failure | NotAsked | None


@attrs.frozen(kw_only=True)
class StsFound:
    """What there is of MTA-STS at a domain.

    Attributes:
        domain: The domain.
        outcome: What became of the question for the record.
        texts: The MTA-STS records found; several count as none.
        record: The one that counts; None if there is none.
        page: What became of fetching the policy; None if no record asks to.
        policy: The policy; None if none came.
    """

    domain: str
    outcome: Outcome
    texts: tuple[str, ...] = ()
    record: StsRecord | None = None
    page: Page = None
    policy: StsPolicy | None = None

    @property
    def name(self) -> str:
        """Where the record belongs."""
        return f"_mta-sts.{self.domain}"

    @property
    def url(self) -> str:
        """Where the policy belongs (RFC 8461, 3.2)."""
        return f"https://mta-sts.{self.domain}/.well-known/mta-sts.txt"

    @property
    def is_enforced(self) -> bool:
        """Whether senders refuse to deliver to servers that the policy does not allow."""
        is_announced = self.record is not None and self.record.is_valid
        return bool(is_announced and self.policy and not self.policy.faults and self.policy.mode is Mode.ENFORCE)


_say: Final = Saying[StsFound]("mta-sts", lambda found: f"MTA-STS of {found.domain}", "RFC 8461")


def find_sts(domain: str) -> Check[StsFound]:
    """Ask for the record, and fetch the policy if there is one.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("_mta-sts.example.com", "TXT"): ["v=STSv1; id=1"]}
    >>> [finding.code for finding in lint_sts(run_sync(find_sts("example.com"), resolver=zone))]
    ['dns.mta-sts-policy-not-asked']
    """
    outcome = yield from ask(Query(f"_mta-sts.{domain}", "TXT"))
    listed = tuple(filter(is_sts, outcome.values)) if isinstance(outcome, Answer) else ()
    record = StsRecord.parse(listed[0]) if len(listed) == 1 else None
    found = StsFound(domain=domain, outcome=outcome, texts=listed, record=record)
    if record is None:
        return found
    page = yield from fetch(Fetch(found.url))
    policy = StsPolicy.parse(page.body) if isinstance(page, Fetched) and page.status == 200 else None
    return attrs.evolve(found, page=page, policy=policy)


def sts_record(domain: str, identifier: str) -> TextRecord:
    """The record to publish; give another identifier whenever the policy has changed.

    Args:
        domain: The domain.
        identifier: 1 to 32 letters and digits, such as the time of the change.

    Raises:
        InvalidValue: The identifier is something else.

    >>> print(sts_record("example.com", "20261128T120000"))
    _mta-sts.example.com. IN TXT "v=STSv1; id=20261128T120000"
    """
    if not identifier:
        raise InvalidValue("identifier", identifier, "is empty", "write the time of the change: '20261128T120000'")
    why = "says that there is an MTA-STS policy; change the id whenever the policy changes"
    return TextRecord(name=f"_mta-sts.{domain}", text=str(StsRecord(id=identifier)), why=why)


def sts_policy(
    hosts: Iterable[str], *, mode: Mode | str = Mode.TESTING, max_age: timedelta = timedelta(weeks=1)
) -> StsPolicy:
    """The policy to publish for the MX hosts of a domain: testing until the reports are clean.

    Args:
        hosts: The MX hosts, with or without their final dot; international names, too.
        mode: "testing", "enforce", or "none" to take a policy back.
        max_age: How long senders keep it.

    Raises:
        InvalidValue: There is no host, or one of these is not what it should be.

    >>> sts_policy(["mx1.example.com."]).covers("mx1.example.com")
    True
    """
    named = tuple(dict.fromkeys(map(_host, texts(hosts))))
    wanted = word(Mode, mode, "MTA-STS mode")
    if not named and wanted is not Mode.NONE:
        raise InvalidValue("MTA-STS policy", "", "names no host", "give the domain's MX hosts")
    return StsPolicy(mode=wanted, mx=named, max_age=max_age)


def _host(given: str) -> str:
    host = given.removesuffix(".")
    return host if host.isascii() else Domain.parse(host).ascii


def lint_sts(found: StsFound, hosts: Sequence[str] = ()) -> tuple[Finding, ...]:
    """What is to be said.

    Args:
        found: What there is.
        hosts: The domain's MX hosts, as `mailkit.dns.mx` finds them; the policy should allow each.

    >>> from mailkit.dns.lookup import NoData
    >>> [finding.code for finding in lint_sts(StsFound(domain="example.com", outcome=NoData()))]
    ['dns.mta-sts-absent']
    """
    if found.record is None:
        return (_no_record(found),)
    return (*_of_record(found, found.record), *_of_page(found), *_of_policy(found, hosts))


def _no_record(found: StsFound) -> Finding:
    if len(found.texts) > 1:
        message = f"there are {len(found.texts)} MTA-STS records; several count as none"
        return _say("several", _ERROR, message, found, " | ".join(found.texts), "keep one", "3.1")
    if isinstance(found.outcome, Failure):
        message = f"whether the domain has MTA-STS is not known: {found.outcome}"
        return _say("unanswered", _WARNING, message, found, mend="ask again", source="3.1")
    if isinstance(found.outcome, Answer):
        message = "what is there is not an MTA-STS record, which begins with v=STSv1"
        return _say("not-a-record", _WARNING, message, found, " | ".join(found.outcome.values), source="3.1")
    message = "there is no MTA-STS: senders cannot be told to insist on TLS to the domain's mail servers"
    mend = f'publish a policy at {found.url}, then {found.name}. IN TXT "v=STSv1; id=1"'
    return _say("absent", _INFO, message, found, str(found.outcome), mend, "3")


def _of_record(found: StsFound, record: StsRecord) -> Iterator[Finding]:
    mended = str(sts_record(found.domain, record.id or "1"))
    for part in record.broken:
        severity = _WARNING if part.fault is Fault.REPEATED else _ERROR
        message = f"{cut(part.text, longest=40)!r} {part.reason}"
        yield _say("syntax", severity, message, found, found.texts[0], mended, "3.1", span=part.span)
    if not record.id and not record.broken:
        message = "the record has no id, so that senders ignore it"
        yield _say("syntax", _ERROR, message, found, found.texts[0], mended, "3.1")


def _of_page(found: StsFound) -> Iterator[Finding]:
    page = found.page
    if isinstance(page, NotAsked):
        message = "whether the policy can be fetched was not looked at, as no fetcher was given"
        yield _say("policy-not-asked", _INFO, message, found, found.url, source="3.3")
    elif isinstance(page, Fetched):
        yield from _of_answer(found, page)
    elif isinstance(page, Failure):
        yield _of_failure(found, page)


def _of_answer(found: StsFound, page: Fetched) -> Iterator[Finding]:
    if page.status != 200:
        message = f"there is no policy: the web server answers with status {page.status}"
        message += "; senders follow no redirect" if 300 <= page.status < 400 else ""
        yield _say("policy-absent", _ERROR, message, found, found.url, "publish the policy there", "3.3")
    elif page.media_type != "text/plain":
        message = f"the policy is served as {cut(page.media_type, longest=60) or 'nothing'!r}, not as text/plain"
        yield _say("policy-media-type", _WARNING, message, found, found.url, "serve it as text/plain", "3.2")


def _of_failure(found: StsFound, page: Failure) -> Finding:
    if isinstance(page, ServerFailure) and page.reason.startswith("certificate"):
        message = f"the policy cannot be fetched, as its web server's certificate is not trusted ({page.reason})"
        mend = f"give mta-sts.{found.domain} a certificate of its name that everybody trusts"
        return _say("policy-certificate", _ERROR, message, found, found.url, mend, "3.3")
    if isinstance(page, Malformed):
        message = f"the policy cannot be read: {page}"
        return _say("policy-unreadable", _ERROR, message, found, found.url, "mend the web server", "3.3")
    message = f"the policy could not be fetched: {page}"
    return _say("policy-unanswered", _WARNING, message, found, found.url, "try again", "3.3")


def _of_policy(found: StsFound, hosts: Sequence[str]) -> Iterator[Finding]:
    policy = found.policy
    if policy is None:
        return
    yield from _broken_lines(found, policy)
    if policy.faults:
        message = f"senders ignore the policy: {', and '.join(policy.faults)}"
        yield _say("policy-invalid", _ERROR, message, found, str(policy), source="3.2")
        return
    yield from _strength(found, policy)
    if policy.mode is not Mode.NONE:
        yield from _coverage(found, policy, hosts)


def _broken_lines(found: StsFound, policy: StsPolicy) -> Iterator[Finding]:
    body = found.page.body.decode("utf-8", "replace") if isinstance(found.page, Fetched) else ""
    line, read = 1, 0
    for part in policy.broken:
        line, read = line + body.count("\n", read, part.span[0]), part.span[0]
        severity = _WARNING if part.fault in (Fault.REPEATED, Fault.TAKEN) else _ERROR
        message = f"{cut(part.text, longest=40)!r} {part.reason}"
        yield _say("policy-syntax", severity, message, found, part.text, source="3.2", line=line)


def _strength(found: StsFound, policy: StsPolicy) -> Iterator[Finding]:
    if policy.mode is Mode.NONE:
        message = "the policy is none: senders behave as if there were no policy"
        yield _say("none", _WARNING, message, found, "mode: none", "mode: testing", "5")
    elif policy.mode is Mode.TESTING:
        message = "the policy is being tested: senders report what is wrong, and deliver without TLS all the same"
        yield _say("testing", _INFO, message, found, "mode: testing", "mode: enforce", "5")
    age = policy.max_age
    if age is not None and age < _RATHER_SHORT and policy.mode is not Mode.NONE:
        message = (
            "the policy is forgotten too soon: whoever can keep a sender from fetching it for that long can do without"
        )
        severity = _WARNING if age < _SHORT else _INFO
        evidence = f"max_age: {int(age.total_seconds())}"
        yield _say("max-age", severity, message, found, evidence, "max_age: 604800, or more", "3.2")


def _coverage(found: StsFound, policy: StsPolicy, hosts: Sequence[str]) -> Iterator[Finding]:
    missing = [host for host in hosts if not policy.covers(host)]
    if missing:
        is_enforced = policy.mode is Mode.ENFORCE
        message = f"the policy does not allow {', '.join(missing[:5])}, which takes the domain's mail"
        message += ": senders that know the policy do not deliver there" if is_enforced else ""
        mend = "\n".join(f"mx: {host}" for host in missing)
        severity = _ERROR if is_enforced else _WARNING
        yield _say("mx-not-covered", severity, message, found, ", ".join(policy.mx), mend, "4.1")
    wanted = {pattern for host in hosts for pattern in (host.lower(), f"*.{host.lower().partition('.')[2]}")}
    unused = [one for one in policy.mx if hosts and one not in wanted]
    if unused:
        message = f"the policy allows {', '.join(unused[:5])}, which no MX record names"
        yield _say("mx-unused", _INFO, message, found, ", ".join(policy.mx), source="4.1")
