"""What a broken SPF record certainly means: blanks that slipped in, quotes, semicolons, a lost beginning.

Nothing is guessed. What may mean two things stays broken, and whoever writes a record from it has
to say so; a record that quietly lost a sender would turn its letters away.

>>> restored(['"v=spf1; ip4: 192.0.2.10 -all"']).records[0].terms[0].network
IPv4Network('192.0.2.10/32')
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from typing import Final

import attrs

from mailkit.dns.lookup import Answer
from mailkit.dns.spf.record import Broken, Record, is_spf
from mailkit.dns.spf.tree import Branch
from mailkit.dns.tags import Fault, plain

__all__ = ["Restored", "restored", "restored_tree"]

_ALMOST: Final = re.compile(r"\W*(?:v\W{0,3})?spf1(?![\w./-])(.*)\Z", re.IGNORECASE | re.DOTALL)
_GLUE: Final = re.compile("[\\s;,\"'\u201c\u201d]+")
_BREAKS: Final = (":", "=")
_LONGEST: Final = 1000


@attrs.frozen(kw_only=True)
class Restored:
    """Records as they were meant, as far as that is certain.

    Attributes:
        records: The records; what is not certain is still broken in them.
        reasons: What was mended, for people.
    """

    records: tuple[Record, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def broken(self) -> tuple[Broken, ...]:
        """The terms of which is not certain what they mean."""
        return tuple(broken for record in self.records for broken in record.broken)


def restored_tree(tree: Branch) -> Restored:
    """The records at the tree's domain, or else the texts that were certainly meant to be such."""
    if tree.texts:
        return restored(tree.texts)
    return restored(tree.outcome.values if isinstance(tree.outcome, Answer) else ())


def restored(texts: Iterable[str]) -> Restored:
    """Read records, and mend what is certain about them; texts that are no SPF records at all are left out.

    >>> found = restored(["v=spf1 include: _spf.example.net ip4:192.0.2 -all", "hello"])
    >>> str(found.records[0]), found.reasons, [str(one) for one in found.broken]
    ('v=spf1 include:_spf.example.net ip4:192.0.2 -all', ("'include:_spf.example.net' is one term",), ['ip4:192.0.2'])
    """
    records: list[Record] = []
    reasons: list[str] = []
    for text in texts:
        if is_spf(text):
            records.append(_mended(text, reasons))
        elif almost := _ALMOST.match(text):
            reasons.append("it begins with 'v=spf1 '")
            words = " ".join(word for word in _GLUE.split(almost[1]) if word)
            records.append(_mended(f"v=spf1 {words}", reasons))
    return Restored(records=tuple(records), reasons=tuple(dict.fromkeys(reasons)))


def _mended(text: str, reasons: list[str]) -> Record:
    record = Record.parse(text)
    if not record.broken:
        return record
    terms = deque(record.terms)
    words: list[str] = []
    while terms:
        term = terms.popleft()
        following = terms[0] if terms else None
        if isinstance(term, Broken) and isinstance(following, Broken) and _is_one(term.text, following.text):
            words.append(term.text + following.text)
            reasons.append(f"{plain(words[-1])!r} is one term")
            terms.popleft()
        elif isinstance(term, Broken):
            words += _apart(term, reasons)
        else:
            words.append(str(term))
    return Record.parse(" ".join(["v=spf1", *words]))


def _is_one(first: str, second: str) -> bool:
    """Whether a blank slipped in behind or before the sign between a name and its value."""
    is_broken_there = first.endswith(_BREAKS) or second.startswith(_BREAKS)
    return is_broken_there and ("." in second or ":" in second[1:]) and _reads(first + second)


def _apart(term: Broken, reasons: list[str]) -> list[str]:
    """The terms between quotes, commas and semicolons, if all of them can be read; else the term as it is."""
    words = [word for word in _GLUE.split(term.text) if word]
    if term.fault is Fault.UNREAD or not all(map(_reads, words)):
        return [term.text]
    reasons.append(f"{plain(term.text)!r} is without quotes, commas and semicolons")
    return words


def _reads(text: str) -> bool:
    return len(text) < _LONGEST and not Record.parse(f"v=spf1 {text}").broken
