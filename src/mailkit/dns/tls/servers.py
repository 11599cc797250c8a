"""The TLS of a domain's mail servers: how they greet (STARTTLS), and what DANE says of them (RFC 7672)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from mailkit.clock import utc
from mailkit.dns.errands import Greet, Greeted, NotAsked
from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask, each, greet, together
from mailkit.dns.saying import Saying
from mailkit.dns.tls.tlsa import TlsaRecord, tlsa_record, valid_until
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Severity

__all__ = ["Server", "ServersFound", "find_servers", "lint_servers"]

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
_SOON: Final = timedelta(days=14)


@attrs.frozen(kw_only=True)
class Server:
    """One mail server of a domain.

    Attributes:
        host: Its name.
        tlsa: What became of the question for its TLSA records.
        greeted: How it greeted; `NotAsked` if it was not greeted.
    """

    host: str
    tlsa: Outcome
    greeted: Greeted | Failure | NotAsked = attrs.field(factory=NotAsked)

    @property
    def records(self) -> tuple[TlsaRecord, ...]:
        """Its TLSA records, as far as they can be read."""
        return tuple(record for _, record in _read(self.tlsa) if record)

    @property
    def usable(self) -> tuple[TlsaRecord, ...]:
        """The records that senders can use."""
        return tuple(record for record in self.records if record.is_usable)

    @property
    def is_signed(self) -> bool | None:
        """Whether the answer was authenticated by DNSSEC; None if the resolver does not say."""
        return self.tlsa.is_authenticated if isinstance(self.tlsa, Answer) else None


_starttls: Final = Saying[Server]("starttls", lambda server: f"STARTTLS of {server.host}")
_dane: Final = Saying[Server]("dane", lambda server: f"TLSA of {server.host}")


@attrs.frozen(kw_only=True)
class ServersFound:
    """What there is about the TLS of a domain's mail servers.

    Attributes:
        domain: The domain.
        servers: Its servers, the preferred one first.
    """

    domain: str
    servers: tuple[Server, ...]


def find_servers(domain: str, hosts: Iterable[str], *, greets: bool = False) -> Check[ServersFound]:
    """Ask for the TLSA records of a domain's mail servers, and greet them if wanted.

    A check for `mailkit.dns.drive.run`.

    Args:
        domain: The domain.
        hosts: Its MX hosts, as `mailkit.dns.mx` finds them.
        greets: Whether to greet each; that needs a greeter, and a network that lets port 25 out.

    >>> from mailkit.dns.drive import run_sync
    >>> zone = {("_25._tcp.mx.example.com", "TLSA"): ["1 0 1 " + "ab" * 32]}
    >>> found = run_sync(find_servers("example.com", ["mx.example.com"]), resolver=zone)
    >>> [finding.code for finding in lint_servers(found)]
    ['dns.dane-unusable']
    """
    servers = yield from each(_server(host, greets=greets) for host in dict.fromkeys(hosts))
    return ServersFound(domain=domain, servers=servers)


def _server(host: str, *, greets: bool) -> Check[Server]:
    question = ask(Query(f"_25._tcp.{host}", "TLSA"))
    if not greets:
        return Server(host=host, tlsa=(yield from question))
    tlsa, greeted = yield from together(question, greet(Greet(host)))
    return Server(host=host, tlsa=tlsa, greeted=greeted)


def _read(outcome: Outcome) -> Iterator[tuple[str, TlsaRecord | None]]:
    """The TLSA records of an answer; None for what cannot be read."""
    for text in outcome.values if isinstance(outcome, Answer) else ():
        try:
            yield text, TlsaRecord.parse(text)
        except InvalidValue:
            yield text, None


def lint_servers(found: ServersFound, *, is_enforced: bool = False, now: datetime | None = None) -> tuple[Finding, ...]:
    """What is to be said about the servers.

    Args:
        found: What there is.
        is_enforced: Whether the domain's MTA-STS policy insists on TLS (`StsFound.is_enforced`).
        now: The time; with it, certificates that end soon are told.
    """
    findings = [finding for server in found.servers for finding in _of_server(server, is_enforced)]
    ending = [finding for server in found.servers for finding in _ending(server, utc(now))] if now else []
    return (*findings, *ending, *_of_all(found.servers))


def _ending(server: Server, now: datetime) -> Iterator[Finding]:
    """Whether the server's certificate ends soon; one that has ended is not trusted anyway."""
    greeted = server.greeted
    until = valid_until(greeted.certificate) if isinstance(greeted, Greeted) and greeted.certificate else None
    if until and timedelta() <= until - now < _SOON:
        message = f"the certificate of {server.host} ends in {(until - now).days} days"
        yield _starttls("expires", _WARNING, message, server, f"{until:%Y-%m-%d}", "renew it", "RFC 8461, 4.2")


def _of_server(server: Server, is_enforced: bool) -> Iterator[Finding]:
    greeted = server.greeted
    if isinstance(greeted, Greeted):
        yield from _of_greeting(server, greeted, is_enforced)
    elif isinstance(greeted, Failure):
        message = f"{server.host} could not be greeted: {greeted}"
        mend = "try again from a network that lets port 25 out"
        yield _starttls("unanswered", _WARNING, message, server, mend=mend, source="RFC 3207, 4")
    yield from _of_records(server)


def _of_greeting(server: Server, greeted: Greeted, is_enforced: bool) -> Iterator[Finding]:
    host = server.host
    if not greeted.offers_starttls:
        message = f"{host} does not offer STARTTLS, so that mail for the domain travels in the clear"
        severity = _ERROR if is_enforced or server.usable else _WARNING
        yield _starttls("absent", severity, message, server, greeted.banner, "let it offer STARTTLS", "RFC 3207, 4")
    elif not greeted.tls_version:
        message = f"{host} offers STARTTLS, and then it fails ({greeted.reason})"
        yield _starttls("failed", _ERROR, message, server, greeted.banner, "mend its TLS", "RFC 3207, 4.1")
    elif not greeted.is_trusted:
        message = f"the certificate of {host} is not trusted ({greeted.reason})"
        if is_enforced:
            message += "; senders that know the domain's MTA-STS policy do not deliver to it"
        mend = f"give it a certificate of its name, {host}, that everybody trusts"
        severity = _ERROR if is_enforced else _INFO if server.usable else _WARNING
        yield _starttls("untrusted", severity, message, server, greeted.banner, mend, "RFC 8461, 4.2")


def _of_records(server: Server) -> Iterator[Finding]:
    host, records = server.host, tuple(_read(server.tlsa))
    if isinstance(server.tlsa, Failure):
        message = (
            f"whether {host} has TLSA records is not known ({server.tlsa}); senders with DANE then wait with their mail"
        )
        mend = "ask again; if it lasts, mend the name server"
        yield _dane("unanswered", _WARNING, message, server, mend=mend, source="RFC 7672, 2.1.2")
    usable = server.usable
    for text, record in records:
        fault = "it is not usage, selector, matching type and hexadecimal data" if record is None else record.fault
        if fault:
            severity = _WARNING if usable else _ERROR
            message = f"senders cannot use a TLSA record of {host}: {fault}"
            yield _dane("unusable", severity, message, server, text, _mended(server), "RFC 7672, 3.1")
    if records and server.is_signed is False:
        message = f"the TLSA records of {host} are not signed (DNSSEC), so that nobody looks at them"
        yield _dane("unsigned", _WARNING, message, server, mend="sign the zone", source="RFC 7672, 2.2")
    greeted = server.greeted
    if usable and isinstance(greeted, Greeted) and greeted.certificate:
        chain = greeted.chain or (greeted.certificate,)
        if not any(record.matches(chain) for record in usable):
            message = f"no TLSA record of {host} matches its certificate; senders with DANE do not deliver to it"
            evidence = " | ".join(map(str, usable))
            yield _dane("mismatch", _ERROR, message, server, evidence, _mended(server), "RFC 7672, 3.1")


def _mended(server: Server) -> str:
    """The record to paste, where the certificate is known."""
    certificate = server.greeted.certificate if isinstance(server.greeted, Greeted) else b""
    try:
        return str(tlsa_record(server.host, certificate)) if certificate else "publish a record 3 1 1"
    except InvalidValue:
        return "publish a record 3 1 1"


def _of_all(servers: Sequence[Server]) -> Iterator[Finding]:
    """What is to be said about DANE of all servers together."""
    without = [server for server in servers if not isinstance(server.tlsa, Answer | Failure)]
    if without and len(without) < len(servers) and any(server.usable for server in servers):
        hosts = ", ".join(server.host for server in without)
        message = f"{hosts} has no TLSA record, and others of the domain have: whoever attacks leads senders to it"
        yield _dane("partial", _WARNING, message, without[0], hosts, _mended(without[0]), "RFC 7672, 2.2.1")
    elif without and len(without) == len(servers):
        message = "no mail server of the domain has TLSA records (DANE)"
        yield _dane("absent", _INFO, message, without[0], str(without[0].tlsa), _mended(without[0]), "RFC 7672, 2.2")
