"""What would change whether a person is in a segment, and when: time, one more event, another value of a field.

How to think about it. Nothing is concluded from the look of a condition. The segment is asked
again: at the instant until which its answer holds, with one more event, with a field changed.
What is told is what it answered. There is more to it only in two places. That an event *before*
an instant prevents what would happen at it, whenever exactly it comes, is told when it was
tried at every instant at which that could become different (`moments`). And a condition that
alone stands in the way is found from how the parts stand, as "and", "or" and "not" join them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError
from mailkit.segment import nodes
from mailkit.segment.explained.faces import listed
from mailkit.segment.explained.moments import moments
from mailkit.segment.explained.supposing import Altered, Supposed, fitting, supposed_events
from mailkit.segment.explained.telling import shown, when
from mailkit.segment.language.text import sentence
from mailkit.segment.lasting.courses import NEVER
from mailkit.segment.lasting.timelines import timeline
from mailkit.segment.lasting.validity import Judge, Judgement
from mailkit.segment.running.evaluate import Maker
from mailkit.segment.running.histories import Fact
from mailkit.segment.running.subjects import of_event, of_person

__all__ = ["Case", "Cause", "Change", "changes", "leaves"]

_STEPS: Final = 10
"""So many instants at which a part changes are looked at, in search of one at which the whole does."""


class Cause(StrEnum):
    """What a change comes from."""

    TIME = "time"
    """Time passes, and nothing else happens."""
    EVENT = "event"
    """One more event."""
    FIELD = "field"
    """Another value in the record."""
    SEVERAL = "several"
    """Several changes together, where no single event or value is enough."""


@attrs.frozen(kw_only=True)
class Change:
    """One thing that would change whether the person is in, or when.

    Attributes:
        cause: What it comes from.
        sentence: It in words.
        is_in: Whether the person would then be in. It is as before where an event only puts off what time would do.
        at: When that would be; of a field, now.
        until: Until when it would then stay so if nothing more happened; None if for good.
        what: The event or the condition on fields, in the segment's spelling; empty for time.
        event: The event that was tried, without a person; None of other causes.
        unless: Of time: the events of which any one, before `at`, would prevent it.
    """

    cause: Cause
    sentence: str
    is_in: bool
    at: datetime
    until: datetime | None = None
    what: str = ""
    event: Mapping[str, Any] | None = None
    unless: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Case:
    """One person before one segment, as of one instant.

    Attributes:
        node: The segment's tree.
        record: The person.
        events: His events, none of them later than now.
        now: The instant, in UTC.
        assumed: The zone of times without one.
        judge: What is asked.
    """

    node: nodes.Condition
    record: Any
    events: tuple[Any, ...]
    now: datetime
    assumed: tzinfo | None
    judge: Judge

    def stands(self, *, at: datetime | None = None, more: Sequence[Any] = ()) -> tuple[bool, datetime]:
        """How it stands at an instant, had these events happened too, and until when at the least."""
        return self.judge.look(self.record, timeline((*self.events, *more)), at or self.now)

    def maker(self, at: datetime) -> Maker:
        """What makes functions that answer as of an instant."""
        return Maker(now=at, assumed=self.assumed, person=lambda: self.record, history=lambda: self.events)

    def turn(self, known: Judgement | None = None, *, more: Sequence[Any] = ()) -> datetime | None:
        """The first instant from now on at which the answer is another, if nothing happens but these; None if never.

        Args:
            known: How it stands, if that is known already.
            more: Events that happen too.

        Raises:
            SegmentError: It cannot be told.
        """
        truth, until = (known.is_true, known.until or NEVER) if known else self.stands(more=more)
        for _ in range(_STEPS):
            if until >= NEVER:
                return None
            is_then, later = self.stands(at=until, more=more)
            if is_then is not truth:
                return until
            until = later
        raise SegmentError("too many changes that lead to none")


def leaves(judgement: Judgement) -> Iterator[Judgement]:
    """The conditions that are not joined of others, in their order."""
    if isinstance(judgement.node, nodes.And | nodes.Or | nodes.Not):
        for part in judgement.parts:
            yield from leaves(part)
    else:
        yield judgement


def changes(case: Case, judgement: Judgement, turn: datetime | None) -> tuple[Change, ...]:
    """All that is known to change it: first time, then events, then fields.

    Args:
        case: The person before the segment.
        judgement: How it stands.
        turn: `case.turn(judgement)`, or None if that cannot be told.
    """
    by_events, preventing = _by_events(case, judgement, turn)
    by_time = [_by_time(judgement.is_true, turn, preventing)] if turn is not None else []
    by_fields = list(_by_fields(case, judgement))
    alone = any(change.is_in is not judgement.is_true for change in (*by_events, *by_fields))
    return (*by_time, *by_events, *by_fields, *(() if alone else _by_several(case, judgement)))


def _by_time(is_in: bool, turn: datetime, preventing: Sequence[str]) -> Change:
    if is_in:
        more = (
            f", unless there is {listed([f'one more {one}' for one in preventing], 'or')} before then"
            if preventing
            else ""
        )
    else:
        more = f", if there is no {listed(preventing, 'or')} before then" if preventing else ""
    told = f"{'leaves' if is_in else 'enters'} on {when(turn)}{more or ', if nothing else changes'}"
    return Change(cause=Cause.TIME, sentence=told, is_in=not is_in, at=turn, unless=tuple(preventing))


def _by_events(case: Case, judgement: Judgement, turn: datetime | None) -> tuple[list[Change], list[str]]:
    """What one more event now would change, and those that prevent the turn whenever they come before it."""
    told, preventing = [], []
    maker = case.maker(turn or case.now)

    def later(node: nodes.Aggregate) -> Any:
        try:
            return maker.value(node, of_person)(case.record)
        except SegmentError:  # what is drawn now need not be what can be drawn then
            return None

    for several in supposed_events(leaves(judgement), later).values():
        for one in several:
            try:
                found, prevents = _by_event(case, judgement.is_true, turn, one)
            except SegmentError:  # such an event does not go with the others, as with texts among numbers
                continue
            if found is not None:
                told.append(found)
                preventing += [one.told] if prevents else []
                break
    return told, preventing


def _by_event(case: Case, is_in: bool, turn: datetime | None, one: Supposed) -> tuple[Change | None, bool]:
    event = _happening(one, case.now)
    if one.where is not None and not case.maker(case.now).test(one.where, of_event)(event):
        return None, False
    if case.stands(more=[event])[0] is not is_in:
        words, is_in_then, prevents = f"would {'leave' if is_in else 'enter'}", not is_in, False
    elif turn is not None and case.stands(at=turn, more=[event])[0] is is_in:
        words, is_in_then, prevents = f"would stay {'in' if is_in else 'out'}", is_in, _prevents(case, is_in, turn, one)
    else:
        return None, False
    until = case.turn(more=[event])
    for_good = " for good" if until is None and is_in_then is is_in else ""
    return Change(
        cause=Cause.EVENT,
        sentence=f"{words}{for_good} with one more {one.told} now{_until(until)}",
        is_in=is_in_then,
        at=case.now,
        until=until,
        what=one.told,
        event=event.given,
    ), prevents


def _until(until: datetime | None) -> str:
    return "" if until is None else f", until {when(until)}"


def _happening(one: Supposed, at: datetime) -> Fact:
    return Fact(one.kind, at, {"kind": one.kind, "at": at, "properties": one.properties})


def _prevents(case: Case, is_in: bool, turn: datetime, one: Supposed) -> bool:
    """Whether the event prevents the turn at whatever instant before it it comes."""
    tried = moments(case.node, case.record, one.kind, now=case.now, turn=turn, maker=case.maker(turn))
    return bool(tried) and all(case.stands(at=turn, more=[_happening(one, at)])[0] is is_in for at in tried)


def _by_fields(case: Case, judgement: Judgement) -> Iterator[Change]:
    """The conditions on fields of which each, if it alone were otherwise, would change the whole."""
    told: set[nodes.Condition | str] = set()
    all_leaves = list(leaves(judgement))
    for leaf in all_leaves:
        node = leaf.node
        own = _paths(node)
        if node in told or not own or any(isinstance(inner, nodes.Events) for inner in nodes.walk(node)):
            continue
        told.add(node)
        wanted = nodes.Not(part=node) if leaf.is_true else node
        is_shared = any(own & _paths(other.node) for other in all_leaves if other.node != node)
        words = _by_value(case, judgement.is_true, leaf, wanted) if is_shared else ""
        decides = bool(words) if is_shared else _with_other(judgement, node) is (not judgement.is_true)
        if decides and words not in told:
            told |= {words} - {""}
            text = f"would {'leave' if judgement.is_true else 'enter'} if {words or sentence(wanted)}"
            yield Change(
                cause=Cause.FIELD, sentence=text, is_in=not judgement.is_true, at=case.now, what=sentence(wanted)
            )


def _paths(node: nodes.Condition) -> set[tuple[str, ...]]:
    return {field.path for field in nodes.person_fields(node)}


def _by_value(case: Case, is_in: bool, leaf: Judgement, wanted: nodes.Condition) -> str:
    """Of a field that several conditions are about: a value that changes this one and the whole, in words."""
    path, values = fitting(wanted) or ((), [])
    for value in values:
        other = attrs.evolve(case, record=Altered(case.record, path, value))
        try:
            is_other = other.maker(case.now).test(leaf.node)(other.record) is not leaf.is_true
            changes_all = is_other and other.stands()[0] is not is_in
        except SegmentError:  # a value of this sort does not go with the other conditions
            continue
        if changes_all:
            return f"{sentence(nodes.Field(path=path))} were {shown(value, case.now)}"
    return ""


def _with_other(judgement: Judgement, node: nodes.Condition) -> bool | None:
    """How the whole would stand if this condition, wherever it is in it, were otherwise; None if unknown."""
    match judgement.node:
        case nodes.And() | nodes.Or() as joined:
            found = [_with_other(part, node) for part in judgement.parts]
            if None in found or len(found) < len(joined.parts):
                return None
            return all(found) if isinstance(joined, nodes.And) else any(found)
        case nodes.Not():
            inner = _with_other(judgement.parts[0], node)
            return None if inner is None else not inner
        case _:
            return judgement.is_true is not (judgement.node == node)


def _by_several(case: Case, judgement: Judgement) -> Iterator[Change]:
    """The fewest conditions that would all have to be otherwise, where one is not enough."""
    is_in = not judgement.is_true
    wanted = dict.fromkeys(_fewest(judgement, is_in) or ())
    paths = [path for node in wanted for path in _paths(node)]
    if len(wanted) > 1 and len(paths) == len(set(paths)):  # of one field, two things may not go together
        told = "; ".join(map(sentence, wanted))
        text = f"would {'enter' if is_in else 'leave'} if all of these were so: {told}"
        yield Change(cause=Cause.SEVERAL, sentence=text, is_in=is_in, at=case.now, what=told)


def _fewest(judgement: Judgement, wanted: bool) -> list[nodes.Condition] | None:
    """Conditions which, if all of them were so, would make the whole as wanted; None if a part is unknown."""
    match judgement.node:
        case nodes.Not():
            return _fewest(judgement.parts[0], not wanted)
        case nodes.And() | nodes.Or() as joined:
            found = [_fewest(part, wanted) for part in judgement.parts]
            known = [one for one in found if one is not None]
            if len(known) < len(joined.parts):
                return None
            takes_all = isinstance(joined, nodes.And) is wanted
            return [node for one in known for node in one] if takes_all else min(known, key=len)
        case node if judgement.is_true is wanted:
            return []
        case node:
            return [node if wanted else nodes.Not(part=node)]
