"""Live segments equal a full recompute after every step, and tell the exact instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from mailkit import Event
from mailkit.segment import Segment
from mailkit.segment.live import Change, Entered, Live
from mailkit.segment.spans import INSTANT
from mailkit.testing.people import histories, people
from mailkit.testing.segments import segments

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LENGTHS = (
    st.sampled_from([timedelta(0), INSTANT, timedelta(hours=1), timedelta(days=1), timedelta(days=31)])
    | st.integers(0, 400).map(lambda days: timedelta(days=days))
    | st.timedeltas(timedelta(0), timedelta(days=60))
)
SOME = people(now=NOW, most=1).map(lambda some: some[0])


class Machine(RuleBasedStateMachine):
    """Whatever is fed, put, forgotten and saved, in whatever order."""

    @initialize(
        one=segments(now=NOW),
        other=segments(now=NOW),
        some=people(now=NOW),
        events=histories(now=NOW),
        way=st.sampled_from(["iterable", "mapping", "function"]),
    )
    def begin(self, one: Segment, other: Segment, some: list[dict[str, Any]], events: list[Event], way: str) -> None:
        self.segments = {"one": one, "other": other}
        self.people = {person["id"]: person for person in some}
        if way == "function":  # it is not asked for the events of people who are not known
            events = [event for event in events if event.person in self.people]
        self.events, self.now = list(events), NOW
        theirs = {person: [event for event in events if event.person == person] for person in ("1", "2", "3", "4")}
        given = {"iterable": iter(events), "mapping": theirs, "function": lambda record: theirs[record["id"]]}[way]
        self.live = Live(self.segments, some, events=given, now=NOW)
        self.seen = self.members(NOW)

    def members(self, at: datetime) -> dict[str, set[str]]:
        return {
            name: {person["id"] for person in segment.filter(self.people.values(), events=list(self.events), now=at)}
            for name, segment in self.segments.items()
        }

    def follow(self, changes: list[Change]) -> None:
        for change in changes:
            members = self.seen[change.segment]
            assert (change.person in members) is not isinstance(change, Entered)
            (members.add if isinstance(change, Entered) else members.remove)(change.person)

    @rule(events=histories(now=NOW, most=2), shift=LENGTHS)
    def feed(self, events: list[Event], shift: timedelta) -> None:
        for event in events:
            moved = Event(
                kind=event.kind,
                person=event.person,
                at=event.at + (shift if shift < timedelta(days=90) else self.now - NOW),
                value=event.value,
                currency=event.currency,
                campaign=event.campaign,
                properties=event.properties,
            )
            self.events.append(moved)
            changes = self.live.feed(moved)
            assert all(change.at == self.now and change.person == moved.person for change in changes)
            assert all(change.event is moved for change in changes)
            self.follow(changes)

    @rule(length=LENGTHS)
    def advance(self, length: timedelta) -> None:
        before, self.now = self.now, self.now + length
        changes = self.live.advance(self.now)
        assert [change.at for change in changes] == sorted(change.at for change in changes)
        for change in changes:
            assert before < change.at <= self.now
            for at, is_in in (
                (change.at - INSTANT, not isinstance(change, Entered)),
                (change.at, isinstance(change, Entered)),
            ):
                record = self.people[change.person]
                assert self.segments[change.segment].matches(record, events=list(self.events), now=at) is is_in
        self.follow(changes)

    @rule(record=SOME, number=st.integers(1, 4))
    def put(self, record: dict[str, Any], number: int) -> None:
        self.people[str(number)] = record = {**record, "id": str(number)}
        changes = self.live.put(record)
        assert all(change.at == self.now and change.person == record["id"] for change in changes)
        self.follow(changes)

    @rule(number=st.integers(1, 4))
    def forget(self, number: int) -> None:
        self.people.pop(str(number), None)
        self.events = [event for event in self.events if event.person != str(number)]
        self.follow(self.live.forget(number))
        assert f'["{number}",' not in self.live.save()

    @rule()
    def save_and_load(self) -> None:
        saved = self.live.save()
        self.live = Live.load(saved, self.segments)
        assert self.live.save() == saved

    @invariant()
    def they_are_those_of_a_full_recompute(self) -> None:
        if hasattr(self, "live"):
            expected = self.members(self.now)
            assert {name: set(self.live[name]) for name in self.segments} == expected
            assert self.seen == expected
            assert self.live.now == self.now


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=10, stateful_step_count=12, deadline=None)


@pytest.mark.slow
def test_at_length() -> None:
    run_state_machine_as_test(Machine, settings=settings(max_examples=200, stateful_step_count=25, deadline=None))
