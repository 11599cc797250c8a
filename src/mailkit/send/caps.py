"""How many letters a person gets at most: frequency caps, as a fold over events.

How to think about it. A cap is a number of letters in a stretch of time that ends now. What counts
is what a server took, and what it may have taken. A full cap is no refusal for good: from a certain
instant on, the letter fits again. So it waits until then, unless the cap says that it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

import attrs

from mailkit.checks import counted, one_line
from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind
from mailkit.send.jobs import Job
from mailkit.send.limits.rate import positive

__all__ = ["Cap", "Caps", "Full"]

_COUNTED: Final = frozenset({Kind.ACCEPTED, Kind.UNKNOWN})


@attrs.frozen
class Cap:
    """At most so many letters to one person in a stretch of time.

    Attributes:
        most: How many.
        within: In which time, up to now.
        topic: Of which topic; of all topics together if empty.
        when_full: "wait" puts a letter off until it fits, or drops it if it would have expired by
            then; "drop" ends it as `suppressed` at once.
        is_for_transactional: Whether transactional letters count and wait too. They do not by
            default: nobody wants to wait for a password.

    >>> Cap(3, within=timedelta(days=7)).when_full
    'wait'
    """

    most: int = attrs.field(validator=counted)
    within: timedelta = attrs.field(kw_only=True, validator=positive)
    topic: str = attrs.field(default="", kw_only=True, validator=one_line)
    when_full: Literal["wait", "drop"] = attrs.field(default="wait", kw_only=True)
    is_for_transactional: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.when_full not in ("wait", "drop"):
            raise InvalidValue("Cap.when_full", self.when_full, "is neither 'wait' nor 'drop'")

    def __str__(self) -> str:
        about = f" on {self.topic!r}" if self.topic else ""
        return f"at most {self.most} letters{about} in {self.within}"


@attrs.frozen(kw_only=True)
class Full:
    """That a letter does not fit under a cap now.

    Attributes:
        cap: The cap.
        until: From when on it fits.
    """

    cap: Cap
    until: datetime


@attrs.frozen
class _Sent:
    """A letter that a person got, or may have got."""

    at: datetime
    message_id: str
    topic: str
    is_transactional: bool


class Caps:
    """The state of the fold: feed it events in any order, then ask it.

    It keeps the letters of each person for as long as the longest cap looks back. A fact that is fed
    twice counts once, and so does a letter that was `unknown` and then `accepted`. Several senders that
    do not hear of each other's facts may exceed a cap together; give them `news`.

    Args:
        caps: The caps; all of them hold.
        events: Events to begin with.

    >>> from datetime import UTC
    >>> from mailkit import Envelope
    >>> now, day = datetime(2026, 3, 8, tzinfo=UTC), timedelta(days=1)
    >>> got = [Event(kind="accepted", person="17", at=now - ago * day, message_id=f"{ago}@a.example") for ago in (6, 1)]
    >>> caps = Caps(Cap(2, within=7 * day), events=got)
    >>> job = Job(person="17", envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
    ...           message_id="9@example.com", date=now, raw=b"Subject: Hello")
    >>> str(caps.refusal(job, now).until - now)
    '1 day, 0:00:00'
    """

    def __init__(self, *caps: Cap, events: Iterable[Event] = ()) -> None:
        for cap in caps:
            if not isinstance(cap, Cap):
                raise InvalidValue("caps", cap, "is not a Cap", "write Cap(3, within=timedelta(days=7))")
        self._caps = caps
        self._longest = max((cap.within for cap in caps), default=timedelta(0))
        self._sent: dict[str, list[_Sent]] = {}
        for event in events:
            self.feed(event)

    def feed(self, event: Event) -> None:
        """Take one event into account; kinds that tell of no letter are passed over.

        Its properties `topic` and `transactional` say what the letter was; a sender writes them.
        """
        if event.kind not in _COUNTED or not event.person:
            return
        topic, is_transactional = str(event.properties.get("topic") or ""), bool(event.properties.get("transactional"))
        sent = _Sent(event.at, event.message_id or event.identity, topic, is_transactional)
        same = [one for one in self._sent.get(event.person, ()) if one.message_id == sent.message_id]
        if same:
            return
        known = sorted([*self._sent.get(event.person, ()), sent], key=lambda one: one.at)
        self._sent[event.person] = [one for one in known if one.at > known[-1].at - self._longest]

    def refusal(self, job: Job, now: datetime) -> Full | None:
        """Say which cap the letter does not fit under now, the one that lasts longest; None if it may go."""
        known = self._sent.get(job.person)
        if not known:
            return None
        found = [full for cap in self._caps if (full := _full(cap, job, known, now))]
        return max(found, key=lambda full: full.until, default=None)


def _full(cap: Cap, job: Job, known: list[_Sent], now: datetime) -> Full | None:
    if (cap.topic and job.topic != cap.topic) or (job.is_transactional and not cap.is_for_transactional):
        return None
    counting = [
        one.at
        for one in known
        if now - cap.within < one.at
        and (not cap.topic or one.topic == cap.topic)
        and (cap.is_for_transactional or not one.is_transactional)
        and one.message_id != job.message_id
    ]
    if len(counting) < cap.most:
        return None
    return Full(cap=cap, until=counting[-cap.most] + cap.within)
