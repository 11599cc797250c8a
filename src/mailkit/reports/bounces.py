"""Refusals by their cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import attrs

from mailkit.event import Event, Kind
from mailkit.reports.counts import letter_key

__all__ = ["CauseCount", "bounces_by_cause"]

_REPLY: Final = ("code", "enhanced", "reply")


@attrs.frozen(kw_only=True)
class CauseCount:
    """How many letters were refused for one cause.

    Attributes:
        kind: `bounced` (for good) or `deferred` (for now).
        cause: The cause, as `send.classify` names it.
        family: The cause's family.
        action: What is to be done about it.
        letters: How many letters, each counted once.
        example: One reply in the server's own words, the most frequent one; our own reason if there was none.

    >>> CauseCount(kind="bounced", cause="userunknown", family="recipient", action="suppress", letters=3).example
    ''
    """

    kind: str
    cause: str
    family: str
    action: str
    letters: int
    example: str = ""


def bounces_by_cause(events: Iterable[Event], *, kinds: Iterable[str] = (Kind.BOUNCED,)) -> tuple[CauseCount, ...]:
    """Count refused letters by cause, the most frequent first.

    Args:
        events: The log, in any order.
        kinds: The events to count: `bounced` alone, or `deferred` as well.

    >>> from datetime import UTC, datetime
    >>> refused = Event(kind="bounced", person="1", at=datetime(2026, 3, 1, tzinfo=UTC),
    ...                 properties={"cause": "userunknown", "family": "recipient", "action": "suppress"})
    >>> [(row.cause, row.letters) for row in bounces_by_cause([refused, refused])]
    [('userunknown', 1)]
    """
    wanted = {str(kind) for kind in kinds}
    who: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    replies: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        if event.kind in wanted:
            row = (event.kind, *(_word(event, name) for name in ("cause", "family", "action")))
            who[row].add(letter_key(event))
            reply = " ".join(str(event.properties[name]) for name in _REPLY if event.properties.get(name))
            reply = reply or str(event.properties.get("reason") or "")
            if reply:
                replies[row][reply] += 1
    rows = [
        CauseCount(
            kind=row[0],
            cause=row[1],
            family=row[2],
            action=row[3],
            letters=len(people),
            example=max(sorted(replies[row]), key=replies[row].__getitem__, default=""),
        )
        for row, people in who.items()
    ]
    return tuple(sorted(rows, key=lambda count: (-count.letters, count.kind, count.cause, count.action)))


def _word(event: Event, name: str) -> str:
    return str(event.properties.get(name) or "undefined")
