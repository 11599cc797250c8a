"""DMARC records to publish, made from what is wanted and read again before they are given out."""

from __future__ import annotations

from collections.abc import Iterable

from mailkit.address import Domain
from mailkit.dns.dmarc.external import report_host
from mailkit.dns.dmarc.record import Policy, Record
from mailkit.dns.records import TextRecord
from mailkit.errors import InvalidValue

__all__ = ["suggest"]


def suggest(
    domain: str | Domain,
    *,
    policy: Policy | str = Policy.NONE,
    subdomains: Policy | str | None = None,
    nonexistent: Policy | str | None = None,
    rua: Iterable[str] = (),
    ruf: Iterable[str] = (),
    is_testing: bool = False,
) -> tuple[TextRecord, ...]:
    """The DMARC record for a domain, and the permissions that owners of foreign report addresses have to publish.

    Args:
        domain: The domain.
        policy: What is asked for mail that fails: "none", "quarantine" or "reject" (p).
        subdomains: The same for subdomains (sp); None for as `policy`.
        nonexistent: The same for subdomains that do not exist (np); None for as `subdomains`.
        rua: Where aggregate reports go, as mail addresses or URIs; dmarc@ the domain if empty.
        ruf: Where failure reports go.
        is_testing: Whether the policy is to be applied one step milder for now (t=y).

    Raises:
        InvalidValue: A policy or an address is not one.
        AddressError: The domain is not one.

    >>> for line in suggest("example.com", policy="reject", nonexistent="reject", rua=["b@reports.example"]):
    ...     print(line)
    _dmarc.example.com. IN TXT "v=DMARC1; p=reject; np=reject; rua=mailto:b@reports.example"
    example.com._report._dmarc.reports.example. IN TXT "v=DMARC1"
    """
    name = (domain if isinstance(domain, Domain) else Domain.parse(domain)).ascii
    record = Record(
        p=Policy.NONE if policy is None else policy,
        sp=subdomains,
        np=nonexistent,
        rua=_addresses(rua) or (f"mailto:dmarc@{name}",),
        ruf=_addresses(ruf),
        is_testing=is_testing,
    )
    again = Record.parse(str(record))
    assert again == record
    assert not again.broken
    line = TextRecord(name=f"_dmarc.{name}", text=str(record), why="says what becomes of forged mail, and who is told")
    return (line, *_permissions(name, record))


def _addresses(given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidValue("report addresses", given, "is one text", "put it into a list")
    return tuple(uri if ":" in uri.partition("@")[0] else f"mailto:{uri}" for uri in given)


def _permissions(name: str, record: Record) -> tuple[TextRecord, ...]:
    """One for each host that is not at or below the domain; nobody has to be asked for that."""
    hosts = dict.fromkeys(report_host(uri) for uri in (*record.rua, *record.ruf))
    foreign = [host for host in hosts if host and not f".{host}".endswith(f".{name}")]
    why = "belongs into the zone of those who get the reports, unless a wildcard there says the same"
    return tuple(TextRecord(name=f"{name}._report._dmarc.{host}", text="v=DMARC1", why=why) for host in foreign)
