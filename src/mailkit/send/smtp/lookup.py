"""What a sender asks the DNS on the way to a domain's mail servers, and what it is told.

Three things can come of a question: records, of which there may be none; that there is no such
name; or no answer, which says nothing about what there is. The last must never be taken for one
of the others: who takes silence for absence bounces letters while a name server is restarted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

import attrs

from mailkit.checks import one_line
from mailkit.errors import InvalidValue

__all__ = ["DictLookup", "Lookup", "NoSuchName", "Outcome", "Records", "Unanswered", "merged"]


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen
class Records:
    """What there is.

    Attributes:
        values: For MX, preference and host, as in "10 mx.example.com"; for addresses, "192.0.2.1" or
            "2001:db8::1". Empty if the name is there and has no such record.

    >>> Records(["10 mx.example.com"]).values
    ('10 mx.example.com',)
    """

    values: tuple[str, ...] = attrs.field(default=(), converter=_texts)

    @values.validator
    def _check_values(self, attribute: object, values: tuple[str, ...]) -> None:
        for value in values:
            if not isinstance(value, str):
                raise InvalidValue("Records.values", value, "is not text", "write '10 mx.example.com' or '192.0.2.1'")


@attrs.frozen
class NoSuchName:
    """The name does not exist (NXDOMAIN), so that it has no record of any type (RFC 8020)."""


@attrs.frozen
class Unanswered:
    """Nobody knows: no answer in time, a failure of the name servers, aliases in a circle.

    Attributes:
        reason: What happened, as the end of a sentence.
    """

    reason: str = attrs.field(default="no answer in time", validator=one_line)


Outcome = Records | NoSuchName | Unanswered
"""What can come of a question."""


def merged(*outcomes: Outcome) -> Outcome:
    """What came of the questions for A and for AAAA, as one outcome, for implementations of `Lookup.addresses`.

    >>> merged(Records(["192.0.2.1"]), Unanswered())
    Records(values=('192.0.2.1',))
    >>> merged(Records(), Unanswered("SERVFAIL"))
    Unanswered(reason='SERVFAIL')
    """
    found = [one for one in outcomes if isinstance(one, Records)]
    if any(one.values for one in found):
        return Records(value for one in found for value in one.values)
    return next((one for one in outcomes if isinstance(one, Unanswered)), outcomes[0])


@runtime_checkable
class Lookup(Protocol):
    """What finds a domain's mail servers. `DNSLookup` asks name servers, `DictLookup` a dict.

    Aliases (CNAME) are followed by it. It keeps what it was told for as long as that may be kept:
    it is asked for every letter. Neither method raises for what a name server says or fails to say.

    >>> isinstance(DictLookup({}), Lookup)
    True
    """

    async def mx(self, domain: str) -> Outcome:
        """The MX records of a domain, which is given in A-labels."""
        ...

    async def addresses(self, host: str) -> Outcome:
        """The addresses (A and AAAA) of a host; those that are known, if only one of the two questions was answered."""
        ...


class DictLookup:
    """Finds mail servers in a dict, for tests and for routes of one's own.

    Args:
        zone: By name: a list of MX records and addresses, which may stand side by side, or an outcome
            for every question about that name. A name that is not there does not exist.

    >>> import asyncio
    >>> lookup = DictLookup({"example.org": ["10 mx.example.org"], "mx.example.org": ["192.0.2.1"],
    ...                      "sick.example": Unanswered("SERVFAIL")})
    >>> asyncio.run(lookup.mx("example.org"))
    Records(values=('10 mx.example.org',))
    >>> asyncio.run(lookup.addresses("sick.example")), asyncio.run(lookup.mx("nobody.example"))
    (Unanswered(reason='SERVFAIL'), NoSuchName())
    """

    def __init__(self, zone: Mapping[str, Iterable[str] | Outcome]) -> None:
        self._zone = {
            name.removesuffix(".").lower(): found if isinstance(found, Outcome) else Records(found)
            for name, found in zone.items()
        }

    async def mx(self, domain: str) -> Outcome:
        """The values with a blank in them."""
        return self._found(domain, is_mx=True)

    async def addresses(self, host: str) -> Outcome:
        """The values without one."""
        return self._found(host, is_mx=False)

    def _found(self, name: str, *, is_mx: bool) -> Outcome:
        found = self._zone.get(name.removesuffix(".").lower(), NoSuchName())
        return Records(v for v in found.values if (" " in v) is is_mx) if isinstance(found, Records) else found
