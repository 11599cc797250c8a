"""What people bought after a letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import attrs

from mailkit.errors import InvalidValue
from mailkit.event import Event, Kind, LetterState, letter_state
from mailkit.reports.counts import letters

__all__ = ["Revenue", "revenue", "round_to_cents"]


def _copied(amounts: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
    return dict(amounts)


def round_to_cents(amount: Decimal) -> Decimal:
    """The amount to the cent; as it is, if it is so large that cents do not matter."""
    return amount.quantize(Decimal("0.01")) if amount.adjusted() < 20 else amount


@attrs.frozen(kw_only=True)
class Revenue:
    """Orders in the days after a letter was accepted: *after* it, which need not mean because of it.

    Only a comparison with people who were left out by lot can tell the two apart.

    Attributes:
        letters: The accepted letters, whose readers could order.
        buyers: The readers who did.
        orders: Their orders.
        amounts: What the orders were worth, by currency.
        within: The days that were counted, from the acceptance on.

    >>> Revenue(letters=4, buyers=1, orders=2, amounts={"EUR": Decimal("30")}, within=timedelta(days=30)).per_letter
    {'EUR': Decimal('7.50')}
    """

    letters: int
    buyers: int
    orders: int
    amounts: Mapping[str, Decimal] = attrs.field(converter=_copied, hash=False)
    within: timedelta

    @property
    def per_letter(self) -> Mapping[str, Decimal]:
        """The amounts divided by the accepted letters, to the cent; empty if there were none."""
        if not self.letters:
            return {}
        return {currency: round_to_cents(amount / self.letters) for currency, amount in self.amounts.items()}


def revenue(events: Iterable[Event], *, within: timedelta, kind: str = "purchase") -> Revenue:
    """Add up what readers bought in the time after their letter was accepted.

    An order counts once, also if its buyer had several letters. Orders without a value
    are counted and add nothing.

    Args:
        events: The log, with letters and orders, in any order.
        within: How long after the acceptance an order counts: from that instant until
            before the instant `within` later.
        kind: What an order is called in the log.

    >>> from datetime import UTC
    >>> start = datetime(2026, 3, 1, tzinfo=UTC)
    >>> log = [Event(kind="accepted", person="1", at=start, campaign="spring"),
    ...        Event(kind="purchase", person="1", at=start + timedelta(days=3), value="29.33", currency="USD"),
    ...        Event(kind="purchase", person="1", at=start + timedelta(days=40), value="10.00", currency="USD")]
    >>> revenue(log, within=timedelta(days=30)).amounts
    {'USD': Decimal('29.33')}
    """
    if not isinstance(within, timedelta) or within <= timedelta(0):
        raise InvalidValue("revenue(within=…)", within, "is not a length of time", "give e.g. timedelta(days=30)")
    log = list(events)
    accepted = _accepted(log)
    orders, buyers = 0, set()
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for event in {event.identity: event for event in log if event.kind == kind}.values():
        if any(timedelta(0) <= event.at - start < within for start in accepted.get(event.person, ())):
            orders += 1
            buyers.add(event.person)
            if event.value is not None:
                amounts[event.currency] += event.value
    number = sum(map(len, accepted.values()))
    return Revenue(letters=number, buyers=len(buyers), orders=orders, amounts=amounts, within=within)


def _accepted(events: Iterable[Event]) -> dict[str, list[datetime]]:
    """When each person's accepted letters were accepted."""
    starts: dict[str, list[datetime]] = defaultdict(list)
    for (_, _, person), history in letters(events).items():
        instants = [event.at for event in history if event.kind == Kind.ACCEPTED]
        if instants and letter_state(history) is LetterState.ACCEPTED:
            starts[person].append(min(instants))
    return starts
