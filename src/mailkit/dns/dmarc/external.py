"""Do the ones who are to get a domain's reports want them (RFC 9990, 4; RFC 9991, 5)?

A record may name addresses of other organizations. Receivers send no report there unless a TXT
record `example.com._report._dmarc.reports.example` says v=DMARC1. All of them are asked for at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, Literal
from urllib.parse import unquote, urlsplit

import attrs

from mailkit.dns.dmarc.record import Record, Suffix, is_dmarc
from mailkit.dns.dmarc.verdict import ascii_domain
from mailkit.dns.dmarc.walk import Discovery, organization, pairs_of_organizations
from mailkit.dns.lookup import Answer, Check, Failure, NoSuchDomain, Outcome, Query, ask, each, name_fault, together
from mailkit.dns.records import TextRecord
from mailkit.dns.saying import Saying
from mailkit.dns.tags import cut, word
from mailkit.findings import Finding, Severity

__all__ = ["Destination", "Permission", "destinations", "lint_destinations", "report_host"]

_MOST_HOSTS: Final = 20
"""Hosts that are asked about: a record of 64 KB could name thousands."""


class Permission(StrEnum):
    """Whether reports may go to a destination."""

    INSIDE = "inside"
    """It is of the same organization; no permission is needed."""
    GIVEN = "given"
    """It says that it wants the reports."""
    REFUSED = "refused"
    """It does not say so: receivers send nothing there."""
    UNANSWERED = "unanswered"
    """Not known, as a question had no answer."""
    UNCHECKED = "unchecked"
    """It has no host that could be asked, or too many came before it."""
    UNUSED = "unused"
    """It stands in the ruf of a public suffix (psd=y), which "report generators MUST NOT consider" (RFC 9991, 2)."""


def _known_permission(value: Any) -> Permission:
    return word(Permission, value, "Destination.permission")


@attrs.frozen(kw_only=True)
class Destination:
    """One address for reports, and whether it wants them.

    Attributes:
        uri: The address as it stands in the record.
        tag: Where it stands: "rua" for aggregate reports, "ruf" for failure reports.
        host: Its domain; empty if it has none.
        domain: The domain whose reports these are: the one at which the record stands.
        permission: Whether they may go there.
        outcome: What became of the question for permission; None if it was not asked.
        sent_to: Where the reports go instead, if the destination says so: another mailbox of the same host.

    >>> facts = {"uri": "mailto:b@reports.example", "tag": "rua", "host": "reports.example", "domain": "example.com"}
    >>> Destination(**facts, permission="given").name
    'example.com._report._dmarc.reports.example'
    """

    uri: str
    tag: Literal["rua", "ruf"]
    host: str
    domain: str
    permission: Permission = attrs.field(converter=_known_permission)
    outcome: Outcome | None = None
    sent_to: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Where the permission belongs."""
        return f"{self.domain}._report._dmarc.{self.host}"


_say: Final = Saying[Destination]("dmarc", lambda found: f"DMARC of {found.domain}, {found.tag}", "RFC 9990, 4")


def report_host(uri: str) -> str:
    """The host of an address for reports, as A-labels; empty if it has none.

    >>> report_host("mailto:dmarc@Reports.example?subject=x"), report_host("https://reports.example/dmarc")
    ('reports.example', 'reports.example')
    """
    scheme, _, rest = uri.partition(":")
    if scheme.lower() == "mailto":
        return ascii_domain(unquote(rest.partition("?")[0]).rpartition("@")[2])
    try:
        return ascii_domain(urlsplit(uri).hostname or "")
    except ValueError:  # brackets that hold no IPv6 address
        return ""


def destinations(found: Discovery) -> Check[tuple[Destination, ...]]:
    """Ask all destinations of the record that applies whether they want the reports.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.dmarc.walk import discover
    >>> from mailkit.dns.drive import run_sync
    >>> def both():
    ...     return (yield from destinations((yield from discover("example.com"))))
    >>> zone = {
    ...     ("_dmarc.example.com", "TXT"): ["v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b@reports.example"],
    ...     ("example.com._report._dmarc.reports.example", "TXT"): ["v=DMARC1"],
    ... }
    >>> [str(found.permission) for found in run_sync(both(), resolver=zone)]
    ['inside', 'given']
    """
    applied = found.applied
    if applied is None or applied.record is None:
        return ()
    record, domain = applied.record, applied.domain
    named: list[tuple[Literal["rua", "ruf"], str]] = [("rua", uri) for uri in record.rua]
    named += [("ruf", uri) for uri in record.ruf]
    hosts = dict.fromkeys(report_host(uri) for tag, uri in named if not _is_unused(tag, record))
    asked = [host for host in hosts if host and host != domain][:_MOST_HOSTS]
    answers = yield from each(_ask(domain, host) for host in asked)
    known = dict(zip(asked, answers, strict=True))
    return tuple(_destination(tag, uri, found, known) for tag, uri in named)


def _ask(domain: str, host: str) -> Check[tuple[Discovery, Outcome]]:
    query = Query(f"{domain}._report._dmarc.{host}", "TXT")
    if name_fault(query.name):  # step 4: "a positive determination […] cannot be made"
        return (yield from organization(host)), NoSuchDomain()
    return (yield from together(organization(host), ask(query)))


def _destination(
    tag: Literal["rua", "ruf"], uri: str, found: Discovery, known: dict[str, tuple[Discovery, Outcome]]
) -> Destination:
    assert found.applied is not None
    host, domain = report_host(uri), found.applied.domain
    plain = Destination(uri=uri, tag=tag, host=host, domain=domain, permission=Permission.UNCHECKED)
    if _is_unused(tag, found.applied.record):
        return attrs.evolve(plain, permission=Permission.UNUSED)
    if host == domain:
        return attrs.evolve(plain, permission=Permission.INSIDE)
    if host not in known:
        return plain
    walk, outcome = known[host]
    is_same = _is_same_organization(found, walk)
    if is_same:
        return attrs.evolve(plain, permission=Permission.INSIDE)
    permission, sent_to = _permission(outcome, host, tag)
    if permission is Permission.REFUSED and is_same is None:
        permission = Permission.UNANSWERED  # it may be of the same organization after all
    return attrs.evolve(plain, permission=permission, outcome=outcome, sent_to=sent_to)


def _is_unused(tag: str, record: Record | None) -> bool:
    return tag == "ruf" and record is not None and record.psd is Suffix.YES


def _is_same_organization(found: Discovery, walk: Discovery) -> bool | None:
    """Whether a destination is of the organization of the record's domain; None if an answer is missing for that."""
    assert found.applied is not None
    record = found.applied.record
    suffix = found.applied.domain if record and record.psd is Suffix.YES else ""
    same = {theirs == (suffix or ours) for ours, theirs in pairs_of_organizations(found, walk)}
    return None if len(same) > 1 else True in same


def _permission(outcome: Outcome, host: str, tag: str) -> tuple[Permission, tuple[str, ...]]:
    """What an answer permits, and where the reports go instead (steps 5 to 9)."""
    if isinstance(outcome, Failure):
        return Permission.UNANSWERED, ()
    texts = [text for text in outcome.values if is_dmarc(text)] if isinstance(outcome, Answer) else []
    if not texts:
        return Permission.REFUSED, ()
    instead = tuple(uri for text in texts for uri in Record.parse(text).rua) if tag == "rua" else ()
    if any(report_host(uri) != host for uri in instead):
        return Permission.REFUSED, instead  # "MUST NOT generate a report to either the original or the override URI"
    return Permission.GIVEN, instead


def lint_destinations(found: tuple[Destination, ...]) -> tuple[Finding, ...]:
    """What is to be said about the destinations, with the record that their owner has to publish.

    >>> facts = {"uri": "mailto:b@reports.example", "tag": "rua", "host": "reports.example", "domain": "example.com"}
    >>> finding, = lint_destinations((Destination(**facts, permission="refused"),))
    >>> finding.code, finding.mend
    ('dns.dmarc-report-refused', 'example.com._report._dmarc.reports.example. IN TXT "v=DMARC1"')
    """
    return tuple(finding for destination in found for finding in _findings(destination))


def _findings(found: Destination) -> Iterator[Finding]:
    uri = cut(found.uri, longest=80)
    evidence = " | ".join(found.outcome.values) if isinstance(found.outcome, Answer) else ""
    if found.permission is Permission.REFUSED:
        message = f"{found.host} does not say that it wants reports about {found.domain}, so that none go to {uri}"
        if found.sent_to:
            message = f"{found.host} sends reports about {found.domain} on to another host, so that none are sent"
        yield _say("report-refused", Severity.WARNING, message, found, evidence, _permitting(found))
    elif found.permission is Permission.UNANSWERED:
        why = f": {found.outcome}" if isinstance(found.outcome, Failure) else ""
        message = f"whether {found.host} wants reports about {found.domain} is not known{why}"
        yield _say("report-unanswered", Severity.WARNING, message, found, evidence, "ask again")
    elif found.sent_to:
        message = f"{found.host} has the reports about {found.domain} sent to {', '.join(found.sent_to[:3])}"
        yield _say("report-moved", Severity.INFO, message, found, evidence)


def _permitting(found: Destination) -> str:
    """The record for the destination's zone; none where no name can hold it."""
    if name_fault(found.name):
        return f"choose a destination with a shorter name: {len(found.name)} characters are too many for {found.tag}"
    return str(TextRecord(name=found.name, text="v=DMARC1"))
