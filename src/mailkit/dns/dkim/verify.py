"""Verify the DKIM signatures of a mail, and say why one fails (RFC 6376, 6).

>>> raw = b"From: Anna <anna@example.com>\\r\\n\\r\\nHello"
>>> verify_sync(raw, resolver={}).result
<Result.NONE: 'none'>
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mailkit.clock import SystemClock, utc
from mailkit.dns.dkim.effort import Efforts
from mailkit.dns.dkim.judge import judge
from mailkit.dns.dkim.key import Found, find
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.result import MOST_SIGNATURES, Verification
from mailkit.dns.dkim.signature import Signature
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Resolver, each

__all__ = ["check_mail", "verify", "verify_sync"]


async def verify(
    raw: bytes,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Verification:
    """Verify all signatures of a mail; their keys are asked for at once.

    Args:
        raw: The mail as it came, undecoded.
        resolver: Whom to ask; a dict will do, and None stands for this machine's name servers.
        deadline: After how long a key that has not come counts as a temporary error.
        now: The moment by which signatures may have expired; None for the present one.

    Raises:
        InvalidValue: The mail is not bytes, or `now`, the resolver or the deadline is not one.
        ResolverError: No name server is configured on this machine, and no resolver was given.

    >>> import asyncio
    >>> asyncio.run(verify(b"Subject: not signed\\r\\n\\r\\nHello", resolver={})).passes
    False
    """
    return await run(check_mail(raw, now=now or SystemClock().now()), resolver=resolver, deadline=deadline)


def verify_sync(
    raw: bytes,
    *,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
    now: datetime | None = None,
) -> Verification:
    """`verify` for places without `await`.

    >>> raw = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=news; h=from; bh=AA==; b=AA==\\r\\nFrom: a"
    >>> print(verify_sync(raw, resolver={}))
    permerror: news._domainkey.example.com; there is no key at news._domainkey.example.com; the body has changed...
    """
    return run_sync(check_mail(raw, now=now or SystemClock().now()), resolver=resolver, deadline=deadline)


def check_mail(raw: bytes, *, now: datetime) -> Check[Verification]:
    """Verify all signatures of a mail, as a check that asks for their keys.

    A check for `mailkit.dns.drive.run`.

    Raises:
        InvalidValue: The mail is not bytes, or `now` has no time zone; at once.

    >>> raw = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=news; h=from; bh=AA==; b=AA==\\r\\n\\r\\n"
    >>> (keys,) = next(check_mail(raw, now=SystemClock().now()))
    >>> next(keys)[0].name
    'news._domainkey.example.com'
    """
    return _check(Mail.parse(raw), utc(now, what="now"))


def _check(mail: Mail, now: datetime) -> Check[Verification]:
    fields = mail.named("DKIM-Signature")
    given = tuple(map(Signature.read, fields[:MOST_SIGNATURES]))
    found = iter((yield from each([find(one.selector, one.domain) for one in given if one.is_readable])))
    keys: list[Found | None] = [next(found) if one.is_readable else None for one in given]
    efforts = Efforts()
    results = tuple(judge(mail, one, key, now, efforts=efforts) for one, key in zip(given, keys, strict=True))
    return Verification(results=results, skipped=max(0, len(fields) - MOST_SIGNATURES))
