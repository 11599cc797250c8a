"""What changed at a domain since last time: snapshots, and alerts as events.

A `Snapshot` keeps what was found, and since when each record has been seen as it is. What was not
answered is not absent: a snapshot keeps what it knew, says that it is not confirmed, and no alert
says that a record has gone. The clock of "since" runs on over such gaps.

Events are about a person; these are about a domain, which stands in the person's place. Their kinds
are words of their own (`DNSKind`), so they can be stored and counted like all others.

>>> from mailkit.dns import monitor
>>> monitor.DNSKind("dns_vanished")
<DNSKind.VANISHED: 'dns_vanished'>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.checks import aware, instant
from mailkit.clock import utc
from mailkit.dns.aggregate.sending import Kind, Sending
from mailkit.dns.lookup import Answer, Malformed, NoData, NoSuchDomain, Outcome, Query, ServerFailure, TimedOut
from mailkit.dns.tags import cut, texts
from mailkit.errors import InvalidValue
from mailkit.event import Event, Property
from mailkit.findings import Severity

__all__ = ["DNSKind", "Seen", "Snapshot", "changes", "new_sources"]

_FORM: Final = 1
_WORDS: Final = {
    Answer: "answer",
    NoData: "no-data",
    NoSuchDomain: "no-such-domain",
    ServerFailure: "server-failure",
    TimedOut: "timed-out",
    Malformed: "malformed",
}
_KNOWN: Final = ("answer", "no-data", "no-such-domain")


class DNSKind(StrEnum):
    """The kinds of events that monitoring writes."""

    APPEARED = "dns_appeared"
    """A record is there that was not."""
    CHANGED = "dns_changed"
    """A record says something else."""
    VANISHED = "dns_vanished"
    """A record is gone: the name server said so."""
    SILENT = "dns_silent"
    """A question that had an answer last time had none now."""
    ANSWERED = "dns_answered"
    """A question that had none last time has one again, and it is the one that was known."""
    POLICY_CHANGED = "dmarc_policy_changed"
    """The DMARC policy that applies is another one."""
    SCORE_CHANGED = "dns_score_changed"
    """The domain's score is another one."""
    SOURCE_APPEARED = "dmarc_source_appeared"
    """Somebody sends as the domain who did not before."""


@attrs.frozen(kw_only=True)
class Seen:
    """What is known of one question.

    Attributes:
        name: The name that was asked for.
        type: The record type.
        outcome: How the question ended this time: "answer", "no-data", "no-such-domain", "server-failure",
            "timed-out" or "malformed".
        texts: The records as last known; none where it is known that there are none, or nothing is known.
        since: Since when it has been known to be so, as far as snapshots reach; None if nothing is known.

    >>> Seen(name="_dmarc.example.com", type="TXT", outcome="timed-out").is_answered
    False
    """

    name: str
    type: str
    outcome: str = attrs.field(validator=attrs.validators.in_(tuple(_WORDS.values())))
    texts: tuple[str, ...] = attrs.field(default=(), converter=texts)
    since: datetime | None = attrs.field(default=None, converter=attrs.converters.optional(aware))

    @since.validator
    def _check_since(self, attribute: Any, value: datetime | None) -> None:
        if value is not None:
            instant(self, attribute, value)

    @property
    def is_answered(self) -> bool:
        """Whether this time's question had an answer, be it that there is nothing."""
        return self.outcome in _KNOWN


@attrs.frozen(kw_only=True)
class Snapshot:
    """What was found at a domain at one time; compared with an earlier one, it says what changed.

    Attributes:
        domain: The domain.
        at: When it was looked at.
        seen: What is known of each question, sorted by name and type.
        policy: The DMARC policy that applies: "none", "quarantine" or "reject"; empty if not known.
        score: The domain's score; None if nobody gave one.

    >>> from datetime import UTC
    >>> asked, noon = Query("_dmarc.example.com"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> seen = Snapshot.of("example.com", {asked: Answer(["v=DMARC1; p=none"])}, now=noon)
    >>> seen.has_stood(asked, timedelta(hours=48))
    False
    """

    domain: str
    at: datetime = attrs.field(converter=aware, validator=instant)
    seen: tuple[Seen, ...] = ()
    policy: str = ""
    score: int | None = None

    @classmethod
    def of(
        cls,
        domain: str,
        outcomes: Mapping[Query, Outcome],
        *,
        now: datetime,
        before: Snapshot | None = None,
        policy: str = "",
        score: int | None = None,
    ) -> Snapshot:
        """Write down what was found.

        Args:
            domain: The domain.
            outcomes: How each question ended.
            now: The present instant.
            before: The last snapshot; since when a record has been as it is, is taken from there.
            policy: The DMARC policy that applies.
            score: The domain's score.

        >>> from datetime import UTC
        >>> asked, noon = Query("_dmarc.example.com"), datetime(2026, 1, 1, 12, tzinfo=UTC)
        >>> first = Snapshot.of("example.com", {asked: Answer(["v=DMARC1; p=none"])}, now=noon)
        >>> later = Snapshot.of("example.com", {asked: TimedOut()}, now=noon + timedelta(days=3), before=first)
        >>> later.has_stood(asked, timedelta(hours=48)), later.find(asked).outcome
        (True, 'timed-out')
        """
        moment = utc(now, what="Snapshot.of(now=)")
        old = {(one.name, one.type): one for one in before.seen} if before else {}
        seen = (_seen(query, outcome, old.get((query.name, query.type)), moment) for query, outcome in outcomes.items())
        ranked = tuple(sorted(seen, key=lambda one: (one.name, one.type)))
        return cls(domain=Query(domain).name, at=moment, seen=ranked, policy=policy, score=score)

    def find(self, query: Query) -> Seen | None:
        """What is known of a question; None if it was not asked."""
        return next((one for one in self.seen if (one.name, one.type) == (query.name, query.type)), None)

    def has_stood(self, query: Query, length: timedelta) -> bool:
        """Whether a record has been seen as it is for so long; false where there is none, or nothing is known."""
        found = self.find(query)
        return bool(found and found.texts and found.since and self.at - found.since >= length)

    def to_json(self) -> dict[str, Any]:
        """The snapshot in JSON's plain values; `from_json` gives it back.

        >>> from datetime import UTC
        >>> snapshot = Snapshot(domain="example.com", at=datetime(2026, 1, 1, tzinfo=UTC))
        >>> Snapshot.from_json(snapshot.to_json()) == snapshot
        True
        """
        seen = [
            {
                "name": one.name,
                "type": one.type,
                "outcome": one.outcome,
                "texts": list(one.texts),
                "since": one.since.isoformat() if one.since else None,
            }
            for one in self.seen
        ]
        at = self.at.isoformat()
        return {
            "form": _FORM,
            "domain": self.domain,
            "at": at,
            "policy": self.policy,
            "score": self.score,
            "seen": seen,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Snapshot:
        """The snapshot that `to_json` gave.

        Raises:
            InvalidValue: It is none, or one of a newer form.
        """
        try:
            if told["form"] != _FORM:
                raise InvalidValue("Snapshot", told["form"], "is a form that is not known", "use a newer mailkit")
            seen = tuple(
                Seen(**{**one, "since": None if one["since"] is None else datetime.fromisoformat(one["since"])})
                for one in told["seen"]
            )
            at = datetime.fromisoformat(told["at"])
            return cls(domain=told["domain"], at=at, seen=seen, policy=told["policy"], score=told["score"])
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, InvalidValue):
                raise
            raise InvalidValue("Snapshot", told, f"is not what to_json gave ({error!r})") from error


def _seen(query: Query, outcome: Outcome, old: Seen | None, now: datetime) -> Seen:
    word = _WORDS[type(outcome)]
    if word not in _KNOWN:
        known, since = (old.texts, old.since) if old else ((), None)
        return Seen(name=query.name, type=query.type, outcome=word, texts=known, since=since)
    found = outcome.values if isinstance(outcome, Answer) else ()
    stands = old is not None and old.since is not None and old.texts == found
    since = old.since if old and stands else now
    return Seen(name=query.name, type=query.type, outcome=word, texts=found, since=since)


def changes(before: Snapshot, after: Snapshot) -> tuple[Event, ...]:
    """What changed between two snapshots of one domain, as events.

    Their properties are `name`, `type`, `before` and `after`, the texts joined by line breaks, and
    `severity`: a vanished record and a weaker policy are errors, the rest warnings or notes. Questions
    that only one of the snapshots asked are no change.

    Raises:
        InvalidValue: The snapshots are of two domains.

    >>> from datetime import UTC
    >>> asked, noon = Query("_dmarc.example.com"), datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> first = Snapshot.of("example.com", {asked: Answer(["v=DMARC1; p=reject"])}, now=noon)
    >>> later = Snapshot.of("example.com", {asked: NoSuchDomain()}, now=noon + timedelta(days=1), before=first)
    >>> [(event.kind, event.person, event.properties["severity"]) for event in changes(first, later)]
    [('dns_vanished', 'example.com', 'error')]
    """
    if before.domain != after.domain:
        raise InvalidValue("changes", after.domain, f"is another domain than {before.domain}")
    return tuple(_changes(before, after))


def _changes(before: Snapshot, after: Snapshot) -> Iterator[Event]:
    old = {(one.name, one.type): one for one in before.seen}
    for new in after.seen:
        was = old.get((new.name, new.type))
        told = _told(was, new) if was else None
        if was and told:
            kind, severity = told
            yield _event(after, kind, severity, f"{new.type} {new.name}", _joined(was), _joined(new), new)
    if before.policy != after.policy and after.policy:
        is_weaker = _rank(after.policy) < _rank(before.policy)
        severity = Severity.ERROR if is_weaker else Severity.INFO
        yield _event(after, DNSKind.POLICY_CHANGED, severity, "policy", before.policy, after.policy)
    if before.score is not None and after.score is not None and before.score != after.score:
        severity = Severity.WARNING if after.score < before.score else Severity.INFO
        yield _event(after, DNSKind.SCORE_CHANGED, severity, "score", before.score, after.score)


def _told(was: Seen, new: Seen) -> tuple[DNSKind, Severity] | None:
    if not new.is_answered:
        return (DNSKind.SILENT, Severity.WARNING) if was.is_answered else None
    if was.since is None:
        return None
    if was.texts == new.texts:
        return None if was.is_answered else (DNSKind.ANSWERED, Severity.INFO)
    if not new.texts:
        return DNSKind.VANISHED, Severity.ERROR
    return (DNSKind.CHANGED, Severity.WARNING) if was.texts else (DNSKind.APPEARED, Severity.INFO)


def _rank(policy: str) -> int:
    order = ("", "none", "quarantine", "reject")
    return order.index(policy) if policy in order else 0


def _joined(one: Seen) -> str:
    return cut("\n".join(one.texts), longest=4000)


def _event(
    after: Snapshot,
    kind: DNSKind,
    severity: Severity,
    what: str,
    old: Property,
    new: Property,
    seen: Seen | None = None,
) -> Event:
    properties: dict[str, Property] = {"severity": severity.value, "before": old, "after": new}
    if seen:
        properties |= {"name": seen.name, "type": seen.type, "outcome": seen.outcome}
    key = f"{what} {after.at.isoformat()}"
    return Event(kind=kind.value, person=after.domain, at=after.at, properties=properties, key=_plain(key))


def _plain(text: str) -> str:
    """The text as one line: names in the DNS may hold any byte."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text).replace(
        "=?", "=\\x3f"
    )


def new_sources(
    before: Iterable[Sending], after: Iterable[Sending], *, domain: str, now: datetime, least_messages: int = 1
) -> tuple[Event, ...]:
    """Alerts for sources that were not there before; those that nobody set up are warnings.

    Args:
        before: The sources of earlier reports.
        after: Those of newer reports.
        domain: The domain that they send as.
        now: The present instant.
        least_messages: How many messages make a source worth an alert.

    >>> from datetime import UTC
    >>> stranger = Sending(name="198.51.100.0/24", kind="unknown", messages=90)
    >>> (event,) = new_sources([], [stranger], domain="example.com", now=datetime(2026, 1, 1, tzinfo=UTC))
    >>> event.properties["source"], event.properties["failing"]
    ('198.51.100.0/24', 90)
    """
    known = {one.name for one in before}
    return tuple(
        Event(
            kind=DNSKind.SOURCE_APPEARED.value,
            person=domain,
            at=now,
            key=_plain(one.name),
            properties={
                "severity": (Severity.WARNING if one.kind is Kind.UNKNOWN or one.failing else Severity.INFO).value,
                "source": one.name,
                "source_kind": one.kind.value,
                "messages": one.messages,
                "failing": one.failing,
            },
        )
        for one in after
        if one.name not in known and one.messages >= least_messages
    )
