"""A resolver that looks into a dict: for tests, examples and zones that are not published yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from mailkit.dns.lookup import Answer, Malformed, NoData, NoSuchDomain, Outcome, Query, name_fault
from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["DictResolver"]

_TYPES: Final = frozenset(
    re.findall(
        "[A-Z0-9]+",
        "A AAAA AFSDB APL CAA CDNSKEY CDS CERT CNAME CSYNC DHCID DLV DNAME DNSKEY DS EUI48 EUI64 GPOS HINFO HIP HTTPS "
        "IPSECKEY ISDN KEY KX LOC MX NAPTR NSEC NSEC3 NSEC3PARAM NS OPENPGPKEY PTR PX RESINFO RP RRSIG RT SIG SMIMEA "
        "SOA SPF SRV SSHFP SVCB TLSA TXT URI WKS X25 ZONEMD",
    )
)
"""Types that records of a zone may have, by the registry of DNS parameters."""
_NUMBERED_TYPE: Final = re.compile(r"TYPE[0-9]{1,5}\Z")
_LONGEST_CHAIN: Final = 16
"""Aliases followed one after another; what name servers commonly allow."""


@attrs.frozen
class DictResolver:
    """A resolver that looks into a dict; wherever a resolver is wanted, the dict itself will do.

    Names not listed do not exist, unless a longer name does; a name that is listed with other
    types has none of this one. Aliases ("CNAME") are followed.

    Attributes:
        zone: (name, type) to the records: texts, bytes, or lists of them for a TXT record of
            several strings; or to an outcome, such as `TimedOut()`.

    >>> resolver = DictResolver({("example.com", "TXT"): ["v=spf1 -all"], ("broken.example", "TXT"): Malformed("…")})
    >>> resolver.resolve(Query("example.com")).values
    ('v=spf1 -all',)
    >>> resolver.resolve(Query("example.com", "MX")), resolver.resolve(Query("example.net"))
    (NoData(), NoSuchDomain())
    """

    zone: Mapping[Any, Any] = attrs.field(repr=False)
    _found: dict[Query, Outcome] = attrs.field(init=False, repr=False, eq=False)
    _names: frozenset[str] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        try:
            found = {_key(key): _records(value) for key, value in self.zone.items()}
        except (TypeError, AttributeError) as error:
            mend = 'write {("example.com", "TXT"): ["v=spf1 -all"]}'
            raise InvalidValue("DictResolver.zone", self.zone, "does not map (name, type) to records", mend) from error
        names = {name for query in found for name in _with_parents(query.name)}
        object.__setattr__(self, "_found", found)
        object.__setattr__(self, "_names", frozenset(names))

    def resolve(self, query: Query) -> Outcome:
        """The outcome of one question."""
        name = query.name
        aliases: tuple[str, ...] = ()
        for _ in range(_LONGEST_CHAIN):
            fault = name_fault(name)
            if fault:
                return Malformed(f"the name {fault}")
            found = self._found.get(Query(name, query.type))
            alias = self._found.get(Query(name, "CNAME"))
            if isinstance(found, Answer | NoData | NoSuchDomain):
                return attrs.evolve(found, aliases=aliases) if aliases else found
            if found is not None:
                return found
            if not isinstance(alias, Answer):
                return NoData(aliases) if name in self._names else NoSuchDomain(aliases)
            name = Query(alias.values[0]).name
            aliases = (*aliases, name)
        return Malformed("its aliases lead in a circle")


def _key(key: Query | tuple[str, str]) -> Query:
    query = key if isinstance(key, Query) else Query(*key)
    if query.type not in _TYPES and not _NUMBERED_TYPE.match(query.type):
        meant = did_you_mean(query.type, _TYPES).removeprefix("; ") or "write 'TXT', 'MX', 'A' or another"
        raise InvalidValue("DictResolver.zone", query.type, "is not a record type", meant)
    return query


def _records(found: Any) -> Outcome:
    """What a dict holds for a question as an outcome."""
    if isinstance(found, Outcome):
        return found
    values = [found] if isinstance(found, str | bytes) else found
    return Answer(tuple(_as_bytes(value).decode("latin-1") for value in values)) if values else NoData()


def _as_bytes(value: str | bytes | Iterable[str | bytes]) -> bytes:
    """Text as a name server would send it: a byte for a character where it fits Latin-1, else UTF-8."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return b"".join(_as_bytes(part) for part in value)
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _with_parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]
