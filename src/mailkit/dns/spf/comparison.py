"""What changes for whom if other SPF records are published: both are evaluated for the same addresses.

>>> from ipaddress import IPv4Address
>>> old = {("example.com", "TXT"): ["v=spf1 ip4:192.0.2.0/24 -all"]}
>>> new = {("example.com", "TXT"): ["v=spf1 ip4:192.0.2.0/25 ~all"]}
>>> for difference in differences("example.com", old, new, [IPv4Address("192.0.2.1"), IPv4Address("192.0.2.200")]):
...     print(difference)
192.0.2.200: pass before, softfail after
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from mailkit.dns.lookup import Outcome, Query
from mailkit.dns.spf.addresses import IPAddress
from mailkit.dns.spf.evaluation import check_host
from mailkit.dns.spf.result import Result, SpfResult
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_VOIDS
from mailkit.dns.zonedict import DictResolver

__all__ = ["Difference", "differences", "settled"]

_UNLIMITED: Final = 100
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""For the macro t, which no name is made of."""


@attrs.frozen(kw_only=True)
class Difference:
    """An address about which two sets of records say different things.

    Attributes:
        ip: The address.
        before: What the old records say.
        after: What the new ones say.
    """

    ip: IPAddress
    before: Result
    after: Result

    @property
    def is_mended(self) -> bool:
        """Whether the old records ended in an error, and the new ones do not."""
        errors = (Result.PERMERROR, Result.TEMPERROR)
        return self.before in errors and self.after not in errors

    def __str__(self) -> str:
        return f"{self.ip}: {self.before} before, {self.after} after"


def differences(
    domain: str,
    before: Mapping[Any, Any],
    after: Mapping[Any, Any],
    addresses: Iterable[IPAddress],
    *,
    sender: str = "",
    is_limited: bool = False,
) -> tuple[Difference, ...]:
    """The addresses about which the records of a domain say something else after a change than before.

    Args:
        domain: Whose records are evaluated.
        before: The old records, with all that they refer to, as a dict resolver takes them.
        after: The new ones; what is not in it does not exist.
        addresses: Whom to ask about.
        sender: MAIL FROM for the macros; the domain's postmaster by default.
        is_limited: Whether the limits on look-ups count (RFC 7208, 4.6.4). Without them one sees what records
            mean that no receiver reads to their end.
    """
    old, new = DictResolver(before).resolve, DictResolver(after).resolve
    lookups, voids = (MOST_LOOKUPS, MOST_VOIDS) if is_limited else (_UNLIMITED, _UNLIMITED)

    def result_of(ip: IPAddress, answer: Callable[[Query], Outcome]) -> Result:
        asking = check_host(ip, domain, sender, now=_NO_TIME, most_lookups=lookups, most_voids=voids)
        result: SpfResult = settled(asking, answer)
        return result.result

    found = []
    for ip in addresses:
        first, second = result_of(ip, old), result_of(ip, new)
        if first is not second:
            found.append(Difference(ip=ip, before=first, after=second))
    return tuple(found)


def settled(check: Any, answer: Callable[[Query], Outcome]) -> Any:
    """The result of a check whose questions are answered on the spot.

    >>> from mailkit.dns.lookup import NoData, ask
    >>> settled(ask(Query("example.com")), lambda query: NoData())
    NoData()
    """
    try:
        steps = next(check)
        while True:
            steps = check.send(tuple(answer(one) if isinstance(one, Query) else settled(one, answer) for one in steps))
    except StopIteration as end:
        return end.value
