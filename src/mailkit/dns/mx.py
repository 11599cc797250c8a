"""Where mail for a domain goes (RFC 5321, 5.1): its MX records, their hosts, and what is to be said about them.

A domain that sends mail has to take some, too: replies, bounces, and the complaints of those who
do not want it. Many receivers refuse mail from a domain that cannot be answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final

import attrs

from mailkit.dns import vendors
from mailkit.dns.addresses import IPAddress, addresses_of, is_public
from mailkit.dns.lookup import Absence, Answer, Check, Failure, Outcome, Query, ask, each, name_fault, together
from mailkit.dns.saying import Saying
from mailkit.findings import Finding, Severity

__all__ = ["Found", "Host", "find", "lint", "read"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_MX: Final = re.compile(r"([0-9]{1,5}) ([!-~\xa1-\xff]+)\Z")
_MOST_HOSTS: Final = 20
"""Hosts whose addresses are asked for; who lists more is told so, and the rest is not looked at."""


@attrs.frozen(kw_only=True)
class Host:
    """One host that takes mail.

    Attributes:
        name: Its name.
        preference: The smaller, the sooner it is tried; 0 where the domain itself stands in for a host.
        a: What became of the question for its IPv4 addresses.
        aaaa: The same for IPv6.
    """

    name: str
    preference: int = 0
    a: Outcome
    aaaa: Outcome

    @property
    def addresses(self) -> tuple[IPAddress, ...]:
        """Its addresses, as far as they are known."""
        return addresses_of(self.a, self.aaaa)

    @property
    def is_alias(self) -> bool:
        """Whether the name is a CNAME."""
        return any(not isinstance(outcome, Failure) and outcome.aliases for outcome in (self.a, self.aaaa))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The questions about it that were not answered."""
        return tuple(outcome for outcome in (self.a, self.aaaa) if isinstance(outcome, Failure))

    @property
    def is_without_address(self) -> bool:
        """Whether it is known to have no address."""
        return not self.addresses and not self.failures


@attrs.frozen(kw_only=True)
class Found:
    """What there is about where a domain's mail goes.

    Attributes:
        domain: The domain.
        outcome: What became of the question for MX records.
        hosts: The hosts to try, in order of preference; the null MX is none.
        unread: MX records that are not a number and a name.
        implicit: The domain itself, which takes its mail where there is no MX record.
        left_out: How many hosts were not looked at, because there are too many.
    """

    domain: str
    outcome: Outcome
    hosts: tuple[Host, ...] = ()
    unread: tuple[str, ...] = ()
    implicit: Host | None = None
    left_out: int = 0

    @property
    def null_preference(self) -> int | None:
        """The preference of the null MX (RFC 7505), "0 ."; None if there is no null MX."""
        return next((preference for preference, name in read(self.outcome)[0] if name == "."), None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the hosts, in order of preference; the domain itself if it takes its mail without an MX."""
        if self.implicit and self.implicit.addresses:
            return (self.domain,)
        return tuple(dict.fromkeys(host.name for host in self.hosts))

    @property
    def vendors(self) -> tuple[vendors.Vendor, ...]:
        """Whose the hosts are, as far as anybody knows."""
        return tuple(dict.fromkeys(found for host in self.hosts if (found := vendors.by_mx(host.name))))


_say: Final = Saying[Found]("mx", lambda found: f"MX of {found.domain}", "RFC 5321, 5.1")


def find(domain: str) -> Check[Found]:
    """Ask for the MX records of a domain and the addresses of its hosts, and its own, at once.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("example.com", "MX"): ["10 mx.example.com"], ("mx.example.com", "A"): ["8.8.8.8"]}
    >>> run_sync(find("example.com"), resolver=zone).names
    ('mx.example.com',)
    """
    own, (outcome, hosts, unread, left_out) = yield from together(_host(domain, 0), _hosts(domain))
    implicit = own if isinstance(outcome, Absence) else None
    return Found(domain=domain, outcome=outcome, hosts=hosts, unread=unread, implicit=implicit, left_out=left_out)


def _hosts(domain: str) -> Check[tuple[Outcome, tuple[Host, ...], tuple[str, ...], int]]:
    outcome = yield from ask(Query(domain, "MX"))
    listed, unread = read(outcome)
    named = sorted(pair for pair in listed if pair[1] != ".")
    hosts = yield from each(_host(name, preference) for preference, name in named[:_MOST_HOSTS])
    return outcome, hosts, unread, max(0, len(named) - _MOST_HOSTS)


def _host(name: str, preference: int) -> Check[Host]:
    a, aaaa = yield from together(ask(Query(name, "A")), ask(Query(name, "AAAA")))
    return Host(name=name, preference=preference, a=a, aaaa=aaaa)


def read(outcome: Outcome) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """The MX records as preference and name, and the ones that are none."""
    listed, unread = [], []
    for value in outcome.values if isinstance(outcome, Answer) else ():
        matched = _MX.match(value)
        name = (matched[2].removesuffix(".").lower() or ".") if matched else ""
        if matched and (name == "." or not name_fault(name)):
            listed.append((int(matched[1]), name))
        else:
            unread.append(value)
    return listed, tuple(unread)


def lint(found: Found) -> tuple[Finding, ...]:
    """What is to be said about where a domain's mail goes.

    >>> from mailkit.dns.lookup import NoSuchDomain, TimedOut
    >>> nothing = Host(name="example.com", a=NoSuchDomain(), aaaa=NoSuchDomain())
    >>> [finding.code for finding in lint(Found(domain="example.com", outcome=NoSuchDomain(), implicit=nothing))]
    ['dns.mx-absent']
    >>> [finding.code for finding in lint(Found(domain="example.com", outcome=TimedOut()))]
    ['dns.mx-unanswered']
    """
    return (*_whole(found), *_null(found), *(finding for host in found.hosts for finding in _of_host(found, host)))


def _whole(found: Found) -> Iterator[Finding]:
    domain = found.domain
    if isinstance(found.outcome, Failure):
        message = f"where mail for the domain goes is not known: {found.outcome}"
        yield _say("unanswered", _WARNING, message, found, mend="ask again; if it lasts, mend the name server")
    if found.implicit:
        yield _without_mx(found, found.implicit)
    for text in found.unread:
        message = "what is there is not a preference and the name of a host"
        mend = f"write {domain}. IN MX 10 and the name of the host that takes your mail"
        yield _say("syntax", _ERROR, message, found, text, mend, "RFC 1035, 3.3.9")
    if found.hosts and all(host.is_without_address for host in found.hosts):
        message = "no host of the domain's MX records has an address, so that replies and bounces cannot arrive"
        yield _say("unreachable", _ERROR, message, found, ", ".join(found.names), source="RFC 5321, 5.1")
    if found.left_out:
        message = f"there are {found.left_out} more MX records than were looked at"
        yield _say("many", _WARNING, message, found, mend="keep a handful", source="RFC 5321, 5.1")
    if found.vendors:
        message = f"mail for the domain is taken by {', '.join(map(str, found.vendors))}"
        yield _say("vendor", _INFO, message, found, ", ".join(found.names))


def _without_mx(found: Found, own: Host) -> Finding:
    line = f"{found.domain}. IN MX 10 mail.{found.domain}."
    if own.addresses:
        message = "there is no MX record, so that mail goes to the domain's own address"
        mend = f"say where it should go, such as {line}"
        return _say("implicit", _WARNING, message, found, str(own.addresses[0]), mend, "RFC 5321, 5.1")
    if own.failures:
        message = f"there is no MX record, and whether the domain has an address is not known: {own.failures[0]}"
        return _say("unanswered", _WARNING, message, found, mend="ask again", source="RFC 5321, 5.1")
    message = "the domain has neither MX records nor an address: nobody can answer its letters, and many refuse them"
    mend = f"publish where its mail goes, such as {line}"
    return _say("absent", _ERROR, message, found, str(found.outcome), mend, "RFC 5321, 5.1")


def _null(found: Found) -> Iterator[Finding]:
    preference = found.null_preference
    if preference is None:
        return
    if found.hosts:
        message = "the null MX, which says that no mail is taken, stands beside others"
        yield _say("null-with-others", _ERROR, message, found, f"{preference} .", "remove it", "RFC 7505, 3")
        return
    message = "the domain takes no mail (null MX): letters from it cannot be answered, and some receivers refuse them"
    mend = "send from a domain that takes mail"
    yield _say("null", _WARNING, message, found, f"{preference} .", mend, "RFC 7505, 4.2")
    if preference:
        message = "the null MX has another preference than 0"
        mend = f"{found.domain}. IN MX 0 ."
        yield _say("null-preference", _INFO, message, found, f"{preference} .", mend, "RFC 7505, 3")


def _of_host(found: Found, host: Host) -> Iterator[Finding]:
    line = f"{host.preference} {host.name}"
    if _is_literal(host.name):
        message = f"{host.name} is an address, where the name of a host belongs; senders do not look at it"
        mend = f"give the machine a name, and write {found.domain}. IN MX {host.preference} and that name"
        yield _say("address", _ERROR, message, found, line, mend, "RFC 1035, 3.3.9")
        return
    if host.is_alias:
        message = f"{host.name} is an alias (CNAME), which the name in an MX record must not be"
        yield _say("alias", _WARNING, message, found, line, "name the host itself", "RFC 2181, 10.3")
    if host.is_without_address:
        message = f"{host.name} has no address"
        mend = "give it one, or remove the record"
        yield _say("no-address", _WARNING, message, found, line, mend, "RFC 5321, 5.1")
    elif not host.addresses:
        message = f"whether {host.name} has an address is not known: {host.failures[0]}"
        yield _say("host-unanswered", _WARNING, message, found, line, "ask again", "RFC 5321, 5.1")
    hidden = [str(address) for address in host.addresses if not is_public(address)]
    if hidden:
        message = f"{host.name} has addresses that nobody outside can reach: {', '.join(hidden[:5])}"
        is_lost = len(hidden) == len(host.addresses)
        mend = "publish the address that the internet sees"
        yield _say("not-public", _ERROR if is_lost else _WARNING, message, found, line, mend, "RFC 6890, 2.2")


def _is_literal(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
