"""Validate the ARC chain of a mail (RFC 8617, 5.2).

>>> verify_sync(b"From: anna@example.com\\r\\n\\r\\nHello", resolver={}).result
<Result.NONE: 'none'>
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mailkit.clock import SystemClock, utc
from mailkit.dns.arc.chain import Chain, Result, broken_chain, judge_chain
from mailkit.dns.arc.sets import collect, structure_fault
from mailkit.dns.dkim.key import find
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Resolver, each

__all__ = ["check_mail", "verify", "verify_sync"]


async def verify(
    raw: bytes,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Chain:
    """Validate the ARC chain of a mail; all keys are asked for at once.

    Args:
        raw: The mail as it came, undecoded.
        resolver: Whom to ask; a dict will do, and None stands for this machine's name servers.
        deadline: After how long a key that has not come counts as a failure.
        now: The moment by which message signatures may have expired; None for the present one.

    Raises:
        InvalidValue: The mail is not bytes, or `now`, the resolver or the deadline is not one.
        ResolverError: No name server is configured on this machine, and no resolver was given.

    >>> import asyncio
    >>> asyncio.run(verify(b"Subject: not sealed\\r\\n\\r\\nHello", resolver={})).passes
    False
    """
    return await run(check_mail(raw, now=now or SystemClock().now()), resolver=resolver, deadline=deadline)


def verify_sync(
    raw: bytes,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Chain:
    """`verify` for places without `await`.

    >>> print(verify_sync(b"ARC-Seal: i=1; cv=none\\r\\n\\r\\n", resolver={}))
    fail: there is no ARC-Authentication-Results of instance 1
    """
    return run_sync(check_mail(raw, now=now or SystemClock().now()), resolver=resolver, deadline=deadline)


def check_mail(raw: bytes, *, now: datetime) -> Check[Chain]:
    """Validate the ARC chain of a mail, as a check that asks for keys; a chain that fails as a text asks nothing.

    A check for `mailkit.dns.drive.run`.

    Raises:
        InvalidValue: The mail is not bytes, or `now` has no time zone; at once.

    >>> try:
    ...     next(check_mail(b"ARC-Seal: i=1; cv=none\\r\\n\\r\\n", now=SystemClock().now()))
    ... except StopIteration as end:
    ...     print(end.value.result)
    fail
    """
    return _check(Mail.parse(raw), utc(now, what="now"))


def _check(mail: Mail, now: datetime) -> Check[Chain]:
    collected = collect(mail)
    if not collected.has_any:
        return Chain(result=Result.NONE)
    fault = collected.fault or structure_fault(collected.sets)
    if fault:
        return broken_chain(fault, collected.sets)
    signatures = [signature for one in collected.sets for signature in (one.message_signature, one.seal)]
    readable = (signature for signature in signatures if signature.is_readable)
    places = list(dict.fromkeys((signature.domain, signature.selector) for signature in readable))
    found = yield from each([find(selector, domain) for domain, selector in places])
    return judge_chain(mail, collected.sets, dict(zip(places, found, strict=True)), now)
