"""From a destination to an open connection: lookups, one address after another, as much TLS as is asked for. I/O."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import attrs

from mailkit.clock import Clock
from mailkit.errors import TransportError
from mailkit.send.returns.reply import Phase
from mailkit.send.smtp.account import Account, SetupError, TLSMode
from mailkit.send.smtp.connect import connect
from mailkit.send.smtp.direct_policy import Destination, Security
from mailkit.send.smtp.lookup import Lookup
from mailkit.send.smtp.mx import AddressesOf, Failure, Target, Way, reach
from mailkit.send.smtp.session import Line
from mailkit.send.transport import Lost, Refused

__all__ = ["Reacher"]

_LOG: Final = logging.getLogger("mailkit.send")
_NO_TLS_NOW: Final = (454, 501)
"""What a server answers to STARTTLS that cannot do it (RFC 3207, 4)."""
_MOST_RESTING: Final = 20_000
_MOST_TOLD: Final = 10_000


@attrs.define(eq=False, kw_only=True)
class Reacher:
    """Connects to destinations, and leaves addresses alone for a while that have failed.

    Attributes:
        lookup: What finds addresses.
        way: How far to go for one connection.
        account: What every connection has in common; host, address, tls and tls_context are filled in.
        verifying: How TLS is done where the certificate has to be valid; by this machine's roots if None.
        rest: For how long an address that has failed is left alone.
        clock: What tells the time.
        rng: Chance, for the order among equals.
    """

    lookup: Lookup
    way: Way
    account: Account
    verifying: ssl.SSLContext | None
    rest: timedelta
    clock: Clock
    rng: Random
    _resting: dict[tuple[Security, str], tuple[datetime, Failure]] = attrs.field(init=False, factory=dict)
    _told: set[str] = attrs.field(init=False, factory=set)

    async def dial(self, wanted: Destination) -> Line | Refused:
        """A new connection to one of a destination's hosts, or the reply with which we were turned away.

        Raises:
            TransportError: None can be had.
        """
        search = reach(wanted.route, way=self.way, rng=self.rng, resting=self._asleep(wanted.security))
        answer: Any = None
        while True:
            try:
                step = search.send(answer)
            except StopIteration as end:
                return _told(end.value)
            if isinstance(step, AddressesOf):
                answer = await self.lookup.addresses(step.host)
                continue
            answer = await self._try(step, wanted.security)
            if isinstance(answer, Line):
                return answer
            self._resting[wanted.security, step.address] = (self.clock.now() + self.rest, answer)

    def tell(self, findings: Iterable[str]) -> None:
        """Log what a domain's policy is not content with, each finding once."""
        for finding in findings:
            if finding not in self._told and len(self._told) < _MOST_TOLD:
                self._told.add(finding)
                _LOG.warning("%s", finding)

    def _asleep(self, security: Security) -> Mapping[str, Failure]:
        now = self.clock.now()
        if len(self._resting) > _MOST_RESTING or any(until <= now for until, _ in self._resting.values()):
            self._resting = {key: one for key, one in self._resting.items() if one[0] > now}
        return {address: one[1] for (level, address), one in self._resting.items() if level is security}

    async def _try(self, target: Target, security: Security) -> Line | Failure:
        """One address: with as much TLS as there has to be, and with less where more fails and that is allowed."""
        if security is Security.OPPORTUNISTIC:
            return await self._as_offered(target)
        found = await self._open(target, "starttls")
        trouble = _trouble_with_tls(found)
        if not trouble:
            return found
        reason = f"{target.host} does not do what MTA-STS demands: {trouble}"
        if security is Security.ENFORCED:
            return Lost(phase=Phase.EHLO, server=f"{target.host}:{self.account.port}", reason=reason)
        self.tell([f"{reason} (the policy is in testing)"])
        return await self._as_offered(target)

    async def _as_offered(self, target: Target) -> Line | Failure:
        """Encrypted if that can be had, else in the clear: even that beats not at all (RFC 7435, 3)."""
        found = await self._open(target, "opportunistic")
        return await self._open(target, "none") if _trouble_with_tls(found) else found

    async def _open(self, target: Target, tls: TLSMode) -> Line | Failure:
        context = self.verifying if tls == "starttls" else None
        account = attrs.evolve(self.account, host=target.host, address=target.address, tls=tls, tls_context=context)
        try:
            return await connect(account)
        except TransportError as error:
            reason = error.reason if isinstance(error, SetupError) else f"{error.reason} [{target.address}]"
            return Lost(phase=Phase(error.phase), server=error.server, reason=reason)


def _trouble_with_tls(found: Line | Failure) -> str:
    """What went wrong once the server had greeted us, which may be for the sake of TLS; empty if nothing did."""
    if isinstance(found, Line) or found.phase is not Phase.EHLO:
        return ""
    if isinstance(found, Lost):
        return found.reason
    return f"it answers {found.reply.line!r}" if found.reply.code in _NO_TLS_NOW else ""


def _told(failure: Failure) -> Refused:
    if isinstance(failure, Lost):
        raise TransportError(failure.server, failure.phase, failure.reason)
    return failure
