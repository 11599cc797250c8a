"""What a letter must pass and how many may go, with what was learnt from the answers.

How to think about it. A **way** leads from one sending identity to one provider. `Shaper` says which
tolls the letters of a lane pass on it, and how many may be under way; it is told of every letter that
begins and ends, and of every answer. Time is an argument and nothing waits here, so the same answers always
lead to the same state, which can be kept as JSON. Rates and quotas are a meter's, and may be shared
by many processes; what is under way is counted here, and so in each process for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from mailkit.errors import InvalidValue
from mailkit.send.jobs import Job
from mailkit.send.limits.concurrency import Feedback
from mailkit.send.limits.fairness import Claim, Standing, deal, took
from mailkit.send.limits.limits import Limits
from mailkit.send.limits.providers import Providers
from mailkit.send.limits.quota import Quota
from mailkit.send.limits.rate import Rate
from mailkit.send.limits.shaping import Measure, Taken, first_rule, shipped_rules
from mailkit.send.limits.ways import Count, Way
from mailkit.send.meter import Allotment, Toll
from mailkit.send.outbox import Lane
from mailkit.send.returns.reply import Phase
from mailkit.send.transport import Accepted, Delivery, Lost, Refused

__all__ = ["Shaper"]

_MANY: Final = 10_000
"""So many ways, or rows of tolls, are kept without a look at which may be forgotten."""
_UNBOUND: Final = 1_000_000
"""Conversations: more than any sender has."""
_BEFORE_LETTERS: Final = (Phase.CONNECT, Phase.EHLO)
_CLOSING: Final = 421
"""RFC 5321, 4.2.3: "Service not available, closing transmission channel"."""


class Shaper:
    """Keeps `Limits` while letters go, and heeds what the providers answer.

    >>> from datetime import UTC, timedelta
    >>> from mailkit.send import Reply
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> shaper = Shaper(Limits(providers={"gmail": Rate(20, per=timedelta(seconds=1), burst=5)}))
    >>> shaper.room("", "gmail", now)
    5
    >>> reply = Reply.parse("421 4.7.28 Gmail has detected an unusual rate of unsolicited mail")
    >>> (taken,) = shaper.heard("", "gmail", Refused(reply=reply, phase=Phase.DATA), under_way=1, now=now)
    >>> print(taken)
    gmail: slow to 60 in 0:01:00 until 2026-03-01 01:00:00 UTC, by gmail-unusual-rate
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._rules = (*limits.rules, *shipped_rules())
        self._mailboxes = Providers.shipped() if limits.mailboxes is None else limits.mailboxes
        self._feedback = Feedback() if limits.feedback is None else limits.feedback
        self._ways: dict[tuple[str, str], Way] = {}
        self._counts: dict[str, Count] = {}
        self._tolls: dict[tuple[str, str, str, bool], tuple[datetime | None, tuple[Toll | Allotment, ...]]] = {}
        self._enough = _MANY
        self._standing = Standing()

    def provider_of(self, domain: str, mx_hosts: Iterable[str] = ()) -> str:
        """What a job's `provider` is to be: the provider's name, or the domain that has limits of its own."""
        return self.limits.destination(domain, self._mailboxes.of(domain, mx_hosts))

    def letters_per_connection(self, provider: str) -> int | None:
        """How many letters one connection to the provider carries; None if nothing is said."""
        return self.limits.shape_of(provider).letters_per_connection

    def identity_for(self, lane: Lane | Job, now: datetime) -> str:
        """From which identity its letters go: its own, or one that stands in while the provider turns that away.

        If it names none, the one of `Limits.identities` that has most room on its way.
        """
        own, provider = lane.identity, lane.provider
        if not own and self.limits.identities:
            return max(self.limits.identities, key=lambda identity: self.room(identity, provider, now))
        for identity in (own, *self.limits.instead.get(own, ())):
            until = self._way(identity, provider).switched_until
            if until is None or until <= now:
                return identity
        return own

    def tolls(self, lane: Lane | Job, identity: str, now: datetime) -> tuple[Toll | Allotment, ...]:
        """What each letter of the lane passes if it goes from this identity: ask the meter for slots with it.

        The keys of rates and quotas are the same in every process with the same limits.
        """
        key = (lane.account, identity, lane.provider, lane.is_transactional)
        found = self._tolls.get(key)
        if found is not None and (found[0] is None or now < found[0]):
            return found[1]
        if len(self._tolls) >= _MANY:
            self._tolls.clear()
        made = self._made_tolls(lane, identity, now)
        self._tolls[key] = made
        return made[1]

    def room(self, identity: str, provider: str, now: datetime) -> int:
        """How many letters may be under way at once on this way; 0 while none may."""
        way = self._ways.get((identity, provider))
        if way is None:
            self._forget(now)
            way = self._way(identity, provider)
        return way.room(now)

    def again_at(self, identity: str, provider: str, now: datetime) -> datetime | None:
        """When a way that is closed opens again; None if it is open."""
        until = self._way(identity, provider).closed_until
        return until if until is not None and until > now else None

    def began(self, identity: str, provider: str) -> None:
        """Take in that a letter has begun, for connections that several ways share."""
        way = self._ways.get((identity, provider)) or self._way(identity, provider)
        way.own.under_way += 1
        for count in way.shared:
            count.under_way += 1

    def ended(self, identity: str, provider: str) -> None:
        """Take in that a letter which had begun has ended, whatever came of it."""
        way = self._ways[identity, provider]
        way.own.under_way -= 1
        for count in way.shared:
            count.under_way -= 1

    def heard(
        self, identity: str, provider: str, delivery: Delivery, *, under_way: int, now: datetime, campaign: str = ""
    ) -> tuple[Taken, ...]:
        """Take in what came of a delivery, and say which measures that led to; mostly none.

        `Measure.STOP` is only told: `Sender` pauses the campaign then.

        Args:
            identity: From which identity
            provider: to which provider.
            delivery: What came of it.
            under_way: How many letters were under way on this way, this one included.
            now: The present instant.
            campaign: The letter's campaign, for rules that stop one.
        """
        way = self._ways.get((identity, provider)) or self._way(identity, provider)
        if type(delivery) is Accepted:
            if way.window is not None:
                way.window.succeeded(under_way)
            return ()
        if isinstance(delivery, Lost):
            way.failed(now)
        if not isinstance(delivery, Refused):
            return ()
        taken = self._refused(way, delivery, under_way, campaign, now)
        return () if taken is None else (taken,)

    def shares(self, lanes: Sequence[Lane], most: Mapping[int, int], space: int) -> dict[int, int]:
        """How many jobs to lease from each lane, by numbers: no more than `most` of one, and `space` in all.

        Whose turn it is follows from `Limits.turns`, and from who has had turns before.
        """
        claims = [Claim(lane=lane, way=(lane.identity, lane.provider), most=most.get(lane.number, 0)) for lane in lanes]
        dealt, self._standing = deal(claims, room=space, rooms={}, standing=self._standing, turns=self.limits.turns)
        return dealt

    def unused(self, lane: Lane, count: int) -> None:
        """Take in that a lane had so many jobs fewer than it was dealt turns."""
        self._standing = took(lane, count, standing=self._standing, turns=self.limits.turns)

    def to_json(self) -> str:
        """What was learnt, as JSON text: what is closed, slowed or narrowed, and what each way bears."""
        return json.dumps({"ways": [way.state() for way in self._ways.values()]})

    def load(self, text: str) -> None:
        """Take in what `to_json` gave, of this process or another: whatever lasts longer stands.

        Raises:
            InvalidValue: The text is not what `to_json` gives.
        """
        try:
            for state in json.loads(text)["ways"]:
                key = (state["identity"], state["provider"])
                is_new = key not in self._ways
                self._way(*key).load(state, is_new=is_new)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise InvalidValue("Shaper.load", text, "is not what Shaper.to_json gives") from error
        self._tolls.clear()

    def _refused(self, way: Way, refused: Refused, under_way: int, campaign: str, now: datetime) -> Taken | None:
        rules = self._rules if way.provider else self.limits.rules  # else one mailbox would speak for all strangers
        rule = first_rule(rules, refused, way.provider)
        is_measured = rule is not None and rule.measure not in (Measure.NONE, Measure.STOP)
        if refused.phase in _BEFORE_LETTERS or refused.reply.code == _CLOSING:
            if not is_measured:  # else what the rule asks for is enough
                way.failed(now)
        elif not is_measured and way.window is not None:
            way.window.succeeded(under_way)  # it speaks of the reader or of the letter: the destination is well
        if rule is None or rule.measure is Measure.NONE or not way.is_reached(rule, campaign, now):
            return None
        if rule.measure is Measure.SLOW:
            self._tolls.clear()
        return way.take(rule, now, refused.reply.line)

    def _way(self, identity: str, provider: str) -> Way:
        way = self._ways.get((identity, provider))
        if way is None:
            shape = self.limits.shape_of(provider)
            feedback = self._feedback if provider else None
            most = self._part(shape.connections) if shape.connections else feedback.most if feedback else _UNBOUND
            shared = []
            if shape.connections and not shape.is_per_identity:
                shared.append(self._count(f"provider {provider}", most))
            own = self.limits.identities.get(identity)
            if own is not None and own.connections:
                shared.append(self._count(f"identity {identity}", self._part(own.connections)))
            way = self._ways[identity, provider] = Way(identity, provider, Count(most), tuple(shared), feedback)
        return way

    def _part(self, connections: int) -> int:
        return max(1, connections // self.limits.processes)

    def _count(self, name: str, most: int) -> Count:
        return self._counts.setdefault(name, Count(most))

    def _forget(self, now: datetime) -> None:
        """Drop the ways on which nothing goes on, once there are twice as many as were left last time."""
        if len(self._ways) >= self._enough:
            self._ways = {key: way for key, way in self._ways.items() if not way.is_plain(now)}
            self._enough = max(_MANY, 2 * len(self._ways))

    def _made_tolls(
        self, lane: Lane | Job, identity: str, now: datetime
    ) -> tuple[datetime | None, tuple[Toll | Allotment, ...]]:
        """The tolls of a lane, and until when they stand; for ever if None."""
        limits, provider = self.limits, lane.provider
        shape, own = limits.shape_of(provider), limits.identities.get(identity)
        origin = f" from {identity}" if shape.is_per_identity else ""
        tolls: list[Toll | Allotment] = [
            *_rates("overall", limits.overall),
            *_rates(f"provider {provider}{origin}", shape.rate),
            *(_rates(f"identity {identity}", own.rate) if own is not None else ()),
        ]
        ends = []
        dues = limits.accounts.get(lane.account, limits.account)
        tolls += _rates(f"account {lane.account}", [due for due in dues if isinstance(due, Rate)])
        for due in dues:
            if isinstance(due, Quota):
                allotment = due.allotment(lane.account, is_transactional=lane.is_transactional, now=now)
                tolls.append(allotment)
                ends.append(allotment.ends_at)
        slow = self._way(identity, provider).slow
        if slow is not None and now < slow[1]:
            tolls.append(Toll(key=f"slow {provider} from {identity}", rate=slow[0]))
            ends.append(slow[1])
        return min(ends, default=None), tuple(tolls)


def _rates(name: str, rates: Sequence[Rate]) -> list[Toll]:
    """One toll for each rate; those after the first have their place in their names."""
    return [Toll(key=name if place == 1 else f"{name} {place}", rate=rate) for place, rate in enumerate(rates, 1)]
