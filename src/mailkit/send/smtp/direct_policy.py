"""How much TLS a domain asks for on the way to its servers (MTA-STS, RFC 8461). A rule without I/O.

DANE (RFC 7672) is not looked at: it is worth nothing without a resolver that validates DNSSEC.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

import attrs

from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.mx import Route
from mailkit.send.transport import Lost

__all__ = ["Destination", "Policies", "Policy", "Security", "destination"]


class Policy(Protocol):
    """A domain's MTA-STS policy; `mailkit.dns.tls.StsPolicy` is one."""

    @property
    def mode(self) -> str | None:
        """One of "enforce", "testing" and "none"; anything else counts as the last."""
        ...

    def covers(self, host: str) -> bool:
        """Whether it allows a host (RFC 8461, 4.1)."""
        ...


Policies = Callable[[str], "Policy | Awaitable[Policy | None] | None"]
"""Gives a domain's policy, or None if it has none; may be a coroutine function. It is asked for every letter, so it
keeps what it found. If it raises, the letter is tried again later: who cannot know must not send in the clear."""


class Security(StrEnum):
    """How much TLS there has to be."""

    OPPORTUNISTIC = "opportunistic"
    """As much as the server offers, whoever it is (RFC 7435)."""
    TESTING = "testing"
    """The same; but where there is less than `ENFORCED` demands, that is told."""
    ENFORCED = "enforced"
    """TLS with a valid certificate for the host's name, or the letter is not sent."""


@attrs.frozen(kw_only=True, cache_hash=True)
class Destination:
    """What letters have in common that can share connections, whatever their domains.

    Attributes:
        route: The hosts.
        security: How much TLS there has to be.
    """

    route: Route
    security: Security


def destination(domain: str, route: Route, policy: Policy | None) -> tuple[Destination | Lost, tuple[str, ...]]:
    """What a domain's policy makes of its route, and what is to be told of it.

    "A sending MTA MUST NOT deliver the message to hosts that do not match" in mode "enforce" (RFC 8461, 5.1):
    such hosts are left out, and if none is left, the letter waits for the policy or the MX records to change.
    """
    mode = policy.mode if policy is not None else None
    if policy is None or mode not in ("enforce", "testing"):
        return _open_to_all(route), ()
    covered = tuple(exchange for exchange in route.exchanges if policy.covers(exchange.host))
    others = ", ".join(exchange.host for exchange in route.exchanges if exchange not in covered)
    told = (f"the MTA-STS policy of {domain} does not cover {others}",) if others else ()
    if mode == "testing":
        return Destination(route=route, security=Security.TESTING), told
    if not covered:
        reason = f"the domain's MTA-STS policy covers none of its MX hosts ({others})"
        return Lost(phase=Phase.CONNECT, server=domain, reason=reason), told
    return Destination(route=attrs.evolve(route, exchanges=covered), security=Security.ENFORCED), told


@lru_cache(maxsize=4096)  # most letters go to such destinations
def _open_to_all(route: Route) -> Destination:
    return Destination(route=route, security=Security.OPPORTUNISTIC)
