"""Find keys of a domain without being told its selectors: few guesses, by who sends for it.

There is no way to list selectors. Who reads the domain's MX and SPF can tell who sends for it,
and many of these use the same selectors for all their customers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Final

import attrs

from mailkit.dns.dkim.key import Found, find
from mailkit.dns.lookup import Answer, Check, Failure, each
from mailkit.dns.tags import texts
from mailkit.dns.vendors import Vendor, by_include, by_mx

__all__ = ["MOST_GUESSES", "Guesses", "guess", "likely_selectors"]

MOST_GUESSES: Final = 8
"""So many are asked for at the most; more would be a nuisance to name servers."""

_USUAL: Final = ("default", "dkim", "mail", "s1", "selector1", "google", "k1", "key1")
"""What people call them, and what the largest senders do."""


@attrs.frozen(kw_only=True)
class Guesses:
    """What guessing brought.

    Attributes:
        found: What is published for each selector that was asked for, in the order of likelihood.
        is_wildcard: Whether every guess has the same answer: the zone answers to any name, and nothing was found.

    >>> from mailkit.dns.lookup import TimedOut
    >>> silent = Found(selector="mail", name="mail._domainkey.example.com", outcome=TimedOut())
    >>> guesses = Guesses(found=(silent,))
    >>> guesses.keys, len(guesses.unanswered)
    ((), 1)
    """

    found: tuple[Found, ...]
    is_wildcard: bool = False

    @property
    def keys(self) -> tuple[Found, ...]:
        """Those with a key."""
        return () if self.is_wildcard else tuple(one for one in self.found if one.texts)

    @property
    def unanswered(self) -> tuple[Found, ...]:
        """Those that nobody answered for; they may have a key."""
        return tuple(one for one in self.found if isinstance(one.outcome, Failure))


def likely_selectors(
    *, mx: Iterable[str] = (), includes: Iterable[str] = (), vendors: Iterable[Vendor] = ()
) -> tuple[str, ...]:
    """At most eight selectors that a domain may use, the likeliest first.

    Args:
        mx: The names of its MX hosts.
        includes: The names that its SPF record includes.
        vendors: Who else is known to send for it.

    >>> likely_selectors(mx=["example-com.mail.protection.outlook.com"], includes=["sendgrid.net"])[:4]
    ('s1', 'selector1', 's2', 'selector2')
    """
    known = (*vendors, *map(by_include, texts(includes)), *map(by_mx, texts(mx)))
    rows = [vendor.selectors for vendor in dict.fromkeys(known) if vendor]
    # The first of every vendor, then the second of every one: a vendor with many must not crowd out the others.
    turns = (selector for turn in zip_longest(*rows) for selector in turn if selector)
    return tuple(dict.fromkeys(chain(turns, _USUAL)))[:MOST_GUESSES]


def guess(
    domain: str, *, mx: Iterable[str] = (), includes: Iterable[str] = (), vendors: Iterable[Vendor] = ()
) -> Check[Guesses]:
    """Ask for the keys of the likely selectors, all at once.

    A check for `mailkit.dns.drive.run`.

    >>> from mailkit.dns.drive import run_sync
    >>> run_sync(guess("example.com"), resolver={("mail._domainkey.example.com", "TXT"): "p="}).keys[0].selector
    'mail'
    """
    found = yield from each(
        [find(selector, domain) for selector in likely_selectors(mx=mx, includes=includes, vendors=vendors)]
    )
    return Guesses(found=found, is_wildcard=_is_wildcard(found))


def _is_wildcard(found: tuple[Found, ...]) -> bool:
    """Whether all that answered said the same; eight selectors with one key are not a thing."""
    answers = list(_answers(found))
    return len(answers) == len(found) and len(set(answers)) == 1


def _answers(found: tuple[Found, ...]) -> Iterator[tuple[str, ...]]:
    return (one.outcome.values for one in found if isinstance(one.outcome, Answer))
