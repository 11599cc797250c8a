"""May this client send for this domain: what the receiver of a letter asks (RFC 7208).

>>> zone = {("example.com", "TXT"): ["v=spf1 mx -all"], ("example.com", "MX"): ["10 mx.example.com"],
...         ("mx.example.com", "A"): ["192.0.2.1"]}
>>> print(evaluate_sync("192.0.2.9", "anna@example.com", "mx.example.com", resolver=zone))
fail: example.com does not let 192.0.2.9 send (-all)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from mailkit.clock import SystemClock
from mailkit.dns.drive import run, run_sync
from mailkit.dns.lookup import Check, Resolver
from mailkit.dns.spf.evaluation import check_host
from mailkit.dns.spf.result import Identity, SpfResult
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_VOIDS
from mailkit.errors import InvalidValue

__all__ = ["LONGEST", "evaluate", "evaluate_sync", "questions"]

LONGEST: Final = timedelta(seconds=20)
"""How long an evaluation may take; "this limit SHOULD allow at least 20 seconds" (RFC 7208, 4.6.4)."""


async def evaluate(
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = LONGEST,
    receiver: str = "unknown",
    default_explanation: str | None = None,
    now: datetime | None = None,
    most_lookups: int = MOST_LOOKUPS,
    most_voids: int = MOST_VOIDS,
) -> SpfResult:
    """Say whether a client may send with this MAIL FROM; if it is empty, whether it may call itself by its HELO.

    Args:
        ip: The client's address.
        mail_from: MAIL FROM, with or without angle brackets; empty for bounces (2.4).
        helo: What the client said in HELO or EHLO.
        resolver: Whom to ask: a resolver, or a dict; this machine's name servers by default.
        deadline: How long it may take; what is not answered by then ends in "temperror".
        receiver: The name of the host that checks, for macros and header fields.
        default_explanation: What to say of a fail where the domain says nothing; a sentence by default.
        now: The time, for the macro `t`; the clock's by default.
        most_lookups: Terms that may cost a look-up, at most 100; receivers allow ten (4.6.4).
        most_voids: Terms that may look up what is not there; receivers allow two, those of RFC 4408 any number.

    Raises:
        InvalidValue: The address is none, the senders are not text, or more than a hundred look-ups are wanted.
        ResolverError: No name server is configured on this machine, and none was given.

    >>> import asyncio
    >>> zone = {("example.com", "TXT"): ["v=spf1 include:spf.example.net -all"]}
    >>> result = asyncio.run(evaluate("192.0.2.9", "anna@example.com", "mx.example.com", resolver=zone))
    >>> result.result, str(result.term), result.reason
    (<Result.PERMERROR: 'permerror'>, 'include:spf.example.net', 'spf.example.net has no SPF record')
    """
    time = now or SystemClock().now()
    asking = questions(
        ip,
        mail_from,
        helo,
        now=time,
        receiver=receiver,
        default_explanation=default_explanation,
        most_lookups=most_lookups,
        most_voids=most_voids,
    )
    return await run(asking, resolver=resolver, deadline=deadline)


def evaluate_sync(
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = LONGEST,
    receiver: str = "unknown",
    default_explanation: str | None = None,
    now: datetime | None = None,
    most_lookups: int = MOST_LOOKUPS,
    most_voids: int = MOST_VOIDS,
) -> SpfResult:
    """`evaluate` for places without `await`; arguments and errors are the same.

    >>> evaluate_sync("192.0.2.9", "", "mx.example.com", resolver={}).result
    <Result.NONE: 'none'>
    """
    time = now or SystemClock().now()
    asking = questions(
        ip,
        mail_from,
        helo,
        now=time,
        receiver=receiver,
        default_explanation=default_explanation,
        most_lookups=most_lookups,
        most_voids=most_voids,
    )
    return run_sync(asking, resolver=resolver, deadline=deadline)


def questions(
    ip: str | IPv4Address | IPv6Address,
    mail_from: str,
    helo: str,
    *,
    now: datetime,
    receiver: str = "unknown",
    default_explanation: str | None = None,
    most_lookups: int = MOST_LOOKUPS,
    most_voids: int = MOST_VOIDS,
) -> Check[SpfResult]:
    """The evaluation as a check for `mailkit.dns.drive.run`; arguments and errors as `evaluate`."""
    for what, text in (("mail_from", mail_from), ("helo", helo)):
        if not isinstance(text, str):
            raise InvalidValue(f"spf.evaluate: {what}", text, "is not text", "write '' for none")
    sender = mail_from.strip().removeprefix("<").removesuffix(">")
    identity = Identity.MAIL_FROM if sender else Identity.HELO
    domain = sender.rpartition("@")[2] if sender else helo.strip()
    return check_host(
        ip,
        domain,
        sender,
        helo=helo.strip(),
        identity=identity,
        receiver=receiver,
        default_explanation=default_explanation,
        now=now,
        most_lookups=most_lookups,
        most_voids=most_voids,
    )
