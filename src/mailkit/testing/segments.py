"""Hypothesis strategies for segments and for those whom they are asked about; public in `mailkit.testing.strategies`.

How to think about it. Two ways to run a segment are the same if they agree where it is awkward:
nulls, ties, the microsecond at which a window closes, days of 23 hours, zones of one's own. So
times are drawn close to each other and to `now`, texts and numbers from few, and every node of
the tree is met. Only values of one sort are compared, and no floats with Decimals, so that no
case is an error; what is an error is told by tests of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import attrs
from hypothesis import strategies as st

from mailkit.event import Event
from mailkit.segment import Segment, nodes
from mailkit.segment.nodes import Function, Operator, TextMatch
from mailkit.segment.spans import Unit
from mailkit.testing.people import (
    KINDS,
    NOW,
    TAGS,
    dates,
    decimals,
    floats,
    histories,
    moments,
    people,
    texts,
)
from mailkit.testing.segment_values import Values, calendar_units, constants, field_of, once, shifts, spans

__all__ = ["SegmentCase", "segment_cases", "segments"]

S = st.SearchStrategy
NOWS: Final = (
    NOW,
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # Berlin has no 02:30 on this day
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # Berlin has 02:30 twice
    datetime(2018, 11, 4, 3, 0, tzinfo=UTC),  # São Paulo has no midnight
    datetime(2011, 12, 30, 9, 59, 59, tzinfo=UTC),  # Samoa skips the 30th in a second
    datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
)
_PATTERNS: Final = ("^K", "[аА]$", r"\d+", "z.n", "^$", "(?i)STRASS")

Exclude = Iterable[object]
"""Classes of nodes, functions, parts and text matches that are not to be met."""


@attrs.frozen(kw_only=True)
class SegmentCase:
    """A segment, and whom it is asked about.

    Attributes:
        segment: The segment.
        people: Records, each with its own "id".
        events: Theirs, and some of nobody's among the people, in any order.
        now: As of when.
    """

    segment: Segment
    people: list[dict[str, Any]]
    events: list[Event]
    now: datetime


@st.composite
def segment_cases(draw: st.DrawFn, *, without: Exclude = ()) -> SegmentCase:
    """Segments with people and events to ask them about, as of an awkward instant.

    Args:
        draw: Given by hypothesis.
        without: What the segments must not have in them: classes of nodes such as `nodes.Bucket`,
            and members of `Function`, `Part` and `TextMatch`. `"own zones"` leaves out zones that are fields.
    """
    now = draw(st.sampled_from(NOWS))
    return SegmentCase(
        segment=draw(segments(now=now, without=without)),
        people=draw(people(now=now)),
        events=draw(histories(now=now)),
        now=now,
    )


def segments(*, now: datetime = NOW, without: Exclude = ()) -> S[Segment]:
    """Segments of every kind of node but `Member`, over the fields of `people` and the events of `histories`."""
    return _segments(now, frozenset(without))


@lru_cache(maxsize=64)  # strategies are slow to make and are made for every case
def _segments(now: datetime, without: frozenset[object]) -> S[Segment]:
    drawn = _Segments(now, without)
    return drawn.conditions().filter(drawn.is_wanted).map(Segment)


class _Segments(Values):
    """Strategies for conditions, without what is not wanted."""

    def conditions(self) -> S[nodes.Condition]:
        """Conditions about people."""
        leaves = self._some(
            (nodes.Comparison, lambda: self._comparisons(is_event=False)),
            (nodes.OneOf, lambda: self._one_of(is_event=False)),
            (nodes.TextTest, lambda: self._text_tests(is_event=False)),
            (nodes.IsNull, lambda: self._null_tests(is_event=False)),
            (nodes.Anniversary, lambda: self._anniversaries(is_event=False)),
            (nodes.Count, self._counts),
            (nodes.Count, self._counts),
            (nodes.Sequence, self._sequences),
            (nodes.Regular, self._regular),
        )
        return _joined(leaves, most=5)

    @once
    def _where(self) -> S[nodes.Condition]:
        leaves = self._some(
            (nodes.Comparison, lambda: self._comparisons(is_event=True)),
            (nodes.OneOf, lambda: self._one_of(is_event=True)),
            (nodes.TextTest, lambda: self._text_tests(is_event=True)),
            (nodes.IsNull, lambda: self._null_tests(is_event=True)),
            (nodes.Anniversary, lambda: self._anniversaries(is_event=True)),
        )
        return _joined(leaves, most=2)

    # Conditions

    def _comparisons(self, *, is_event: bool) -> S[nodes.Condition]:
        pairs = [
            (self._wholes(is_event), constants(st.integers(-3, 3) | floats()) | self._wholes(is_event)),
            (self._decimals(is_event), constants(decimals() | st.integers(-3, 3))),
            (self._texts(is_event), constants(texts() | st.sampled_from(["09:00", "12:00"])) | self._texts(is_event)),
            (self._times(is_event), constants(moments(self._now)) | self._times(is_event)),
            (self._truths(is_event), constants(st.booleans())),
        ]
        if not is_event:
            shares = st.floats(0, 1).map(lambda share: round(share, 1))
            pairs += [(self._floats(), constants(floats() | shares) | self._floats())]
            pairs += [(self._dates(), constants(dates(self._now)) | self._dates())]
        return st.one_of(
            [
                st.builds(
                    lambda left, operator, right: nodes.Comparison(left=left, operator=operator, right=right),
                    left,
                    st.sampled_from(Operator),
                    right,
                )
                for left, right in pairs
            ]
        )

    def _one_of(self, *, is_event: bool) -> S[nodes.Condition]:
        def build(value: nodes.Value, options: list[nodes.Constant]) -> nodes.Condition:
            return nodes.OneOf(value=value, options=tuple(dict.fromkeys(options)))

        return st.one_of(
            st.builds(build, self._texts(is_event), st.lists(constants(texts()), max_size=3)),
            st.builds(build, self._wholes(is_event), st.lists(constants(st.integers(-3, 3)), max_size=3)),
            st.builds(build, self._times(is_event), st.lists(constants(moments(self._now)), max_size=2)),
        )

    def _text_tests(self, *, is_event: bool) -> S[nodes.Condition]:
        def build(value: nodes.Value, match: TextMatch, what: nodes.Constant) -> nodes.Condition:
            return nodes.TextTest(value=value, match=match, what=what)

        searched = set(TextMatch) - {TextMatch.MATCHES} - self._without
        pieces = constants(texts() | st.sampled_from(["a", "К", "фа", "%", "_", "ss"]))
        choices = (
            [st.builds(build, self._texts(is_event), st.sampled_from(sorted(searched)), pieces)] if searched else []
        )
        if TextMatch.MATCHES not in self._without:
            patterns = constants(st.sampled_from(_PATTERNS))
            choices.append(st.builds(build, self._texts(is_event), st.just(TextMatch.MATCHES), patterns))
        if not is_event and TextMatch.CONTAINS in searched:
            contains, tags = st.just(TextMatch.CONTAINS), constants(st.sampled_from(TAGS))
            choices.append(st.builds(build, st.just(field_of("tags")), contains, tags))
        return st.one_of(choices)

    def _null_tests(self, *, is_event: bool) -> S[nodes.Condition]:
        values = [self._wholes(is_event), self._decimals(is_event), self._texts(is_event), self._times(is_event)]
        return st.builds(lambda value: nodes.IsNull(value=value), st.one_of(values))

    def _anniversaries(self, *, is_event: bool) -> S[nodes.Condition]:
        return st.builds(
            lambda of, last, after, zone: nodes.Anniversary(of=of, last=last, next=after, zone=zone),
            self._times(is_event) if is_event else self._times(is_event) | self._dates(),
            st.integers(0, 3) | st.just(182),
            st.integers(0, 3) | st.just(182),
            self._zones(),
        )

    def _counts(self) -> S[nodes.Condition]:
        limits = st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3))
        return st.builds(
            lambda events, limit: nodes.Count(events=events, least=limit[0], most=limit[1]), self._events(), limits
        )

    def _sequences(self) -> S[nodes.Condition]:
        step = st.builds(
            lambda events, within, is_absent: nodes.Step(events=events, within=within, is_absent=is_absent),
            self._events(is_any_time=True),
            st.none() | spans(),
            st.booleans(),
        )
        return st.builds(
            lambda first, steps: nodes.Sequence(first=first, steps=steps),
            self._events(),
            st.lists(step, min_size=1, max_size=3),
        )

    def _regular(self) -> S[nodes.Condition]:
        return st.builds(
            lambda events, limits, unit: nodes.Regular(events=events, least=min(limits), of=max(limits), unit=unit),
            self._events(is_any_time=True),
            st.tuples(st.integers(1, 5), st.integers(1, 5)),
            st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH]),
        )

    # Events

    @once
    def _events(self, *, is_any_time: bool = False) -> S[nodes.Events]:
        return st.builds(
            lambda kind, where, window: nodes.Events(kind=kind, where=where, window=window),
            st.sampled_from(KINDS),
            st.none() | st.none() | self._where(),
            st.just(nodes.Ever()) if is_any_time else self._windows(),
        )

    @once
    def _windows(self) -> S[nodes.Window]:
        ends = self._anchors()
        return self._some(
            (nodes.Ever, lambda: st.just(nodes.Ever())),
            (nodes.Last, lambda: st.builds(lambda span: nodes.Last(span=span), spans())),
            (nodes.Between, lambda: st.builds(lambda start, end: nodes.Between(start=start, end=end), ends, ends)),
            (nodes.Between, lambda: st.builds(lambda start: nodes.Between(start=start, end=None), ends)),
            (nodes.Between, lambda: st.builds(lambda end: nodes.Between(start=None, end=end), ends)),
            (nodes.Between, self._calendar_windows),
            (
                nodes.After,
                lambda: st.builds(lambda anchor, span: nodes.After(anchor=anchor, span=span), ends, spans()),
            ),
        )

    def _calendar_windows(self) -> S[nodes.Window]:
        if nodes.Begin in self._without:
            return st.just(nodes.Between(start=nodes.Constant(value=self._now), end=None))

        def build(unit: Unit, first: int, length: int, zone: nodes.Zone) -> nodes.Window:
            start, end = (nodes.Begin(unit=unit, offset=offset, zone=zone) for offset in (first, first + length))
            return nodes.Between(start=start, end=end)

        return st.builds(build, calendar_units(), st.integers(-3, 1), st.integers(1, 2), self._zones())

    @once
    def _anchors(self) -> S[nodes.Value]:
        simple: list[S[Any]] = [constants(moments(self._now)), st.just(field_of("joined_at")), st.just(nodes.Now())]
        extremes = {Function.FIRST, Function.LAST} - self._without
        drawn = st.builds(
            lambda function, kind: nodes.Aggregate(
                function=function, of=field_of("at"), events=nodes.Events(kind=kind)
            ),
            st.sampled_from(sorted(extremes)) if extremes else st.nothing(),
            st.sampled_from(KINDS),
        )
        more = self._some(
            (nodes.Aggregate, lambda: drawn),
            (nodes.Shift, lambda: shifts(st.one_of(simple))),
            (nodes.Begin, self._begins),
        )
        return st.one_of([*simple, more])


def _joined(leaves: S[nodes.Condition], *, most: int) -> S[nodes.Condition]:
    def join(inner: S[nodes.Condition]) -> S[nodes.Condition]:
        several = st.lists(inner, min_size=2, max_size=3)
        return st.one_of(
            st.builds(lambda parts: nodes.And(parts=parts), several),
            st.builds(lambda parts: nodes.Or(parts=parts), several),
            st.builds(lambda part: nodes.Not(part=part), inner),
        )

    return st.recursive(leaves, join, max_leaves=most)
