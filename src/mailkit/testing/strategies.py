"""Hypothesis strategies for mailkit's values, for the tests of applications and our own.

Each draws from all that the value allows, the awkward corners included.

>>> from hypothesis import find
>>> find(addresses(), lambda address: address.needs_smtputf8).local
'анна'
"""

from __future__ import annotations

import string
from datetime import UTC, datetime

from hypothesis import strategies as st

from mailkit.address import Address, Domain, Mailbox
from mailkit.event import Event, Kind
from mailkit.testing.letters import LETTER_RECORD, letters
from mailkit.testing.people import histories, people
from mailkit.testing.segments import SegmentCase, segment_cases, segments

__all__ = [
    "LETTER_RECORD",
    "SegmentCase",
    "addresses",
    "domains",
    "events",
    "histories",
    "instants",
    "letters",
    "mailboxes",
    "one_line_texts",
    "people",
    "segment_cases",
    "segments",
]

_LDH = string.ascii_lowercase + string.digits
_ATEXT = string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~"


def instants() -> st.SearchStrategy[datetime]:
    """Aware instants in UTC, from 1990 to 2090."""
    return st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zones are drawn apart


def one_line_texts(*, longest: int = 40) -> st.SearchStrategy[str]:
    """Text of one line in any script, without control characters."""
    letters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
    return st.text(letters, max_size=longest).filter(lambda text: "=?" not in text)


@st.composite
def domains(draw: st.DrawFn) -> Domain:
    """Domains of two to four labels, some of them international."""
    label = st.one_of(
        st.text(_LDH, min_size=1, max_size=12),
        st.tuples(st.sampled_from(_LDH), st.text(_LDH + "-", max_size=8), st.sampled_from(_LDH)).map("".join),
        st.sampled_from(["xn--bcher-kva", "xn--e1afmkfd", "xn--fiqs8s"]),
    ).filter(lambda text: text[2:4] != "--" or text.startswith("xn--"))
    labels = draw(st.lists(label, min_size=1, max_size=3))
    return Domain(".".join([*labels, draw(st.sampled_from(["example", "com", "org", "xn--p1ai", "co"]))]))


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    """Addresses with plain, dotted, quoted and international local parts."""
    atom = st.text(_ATEXT, min_size=1, max_size=10)
    local = draw(
        st.one_of(
            atom,
            st.lists(atom, min_size=2, max_size=4).map(".".join),
            st.text(string.ascii_letters + " .,:;@", min_size=1, max_size=10).map(lambda text: f'"{text} "'),
            st.sampled_from(["анна", "josé.garcía", "用户"]),
        )
    )
    return Address(local, draw(domains()))


def mailboxes() -> st.SearchStrategy[Mailbox]:
    """Mailboxes with and without a name, in any script and with any punctuation."""
    return st.builds(Mailbox, addresses(), one_line_texts().map(str.strip))


@st.composite
def events(draw: st.DrawFn, *, kinds: st.SearchStrategy[str] | None = None) -> Event:
    """Events of mailkit's own kinds unless told otherwise, with and without letter and value."""
    has_value = draw(st.booleans())
    plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), one_line_texts())
    return Event(
        kind=draw(kinds if kinds is not None else st.sampled_from(list(Kind)).map(str)),
        person=draw(st.sampled_from(["1", "2", "17", "anna"])),
        at=draw(instants()),
        message_id=draw(st.sampled_from(["", "1@example.com", "2@example.com"])),
        recipient=draw(st.none() | addresses()),
        campaign=draw(st.sampled_from(["", "spring"])),
        step=draw(st.sampled_from(["", "first"])),
        properties=draw(st.dictionaries(st.sampled_from(["link", "topic", "scope", "action"]), plain, max_size=3)),
        value=draw(st.decimals(-1000, 1000, places=2)) if has_value else None,
        currency="EUR" if has_value else "",
    )
