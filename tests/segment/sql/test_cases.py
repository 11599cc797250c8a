# ruff: noqa: E501 - tables are easier to read in wide rows
"""The law over the cases that every way to run a segment is tried with: whole records, own events, awkward instants."""

from __future__ import annotations

import itertools
import os
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mailkit.errors import NotPortable
from mailkit.segment import nodes
from mailkit.segment.nodes import TextMatch
from mailkit.segment.sql import Column, Columns
from mailkit.testing.strategies import SegmentCase, segment_cases

PEOPLE = {
    "id": "text", "name": "text", "city": "text", "age": "integer", "score": "float", "spent": "decimal", "is_vip": "truth",
    "joined_at": "time", "born": "date", "tags": "list", "lat": "float", "lon": "float", "zone": "text", "country": "text",
}  # fmt: skip
EVENTS = {
    "id": "integer", "person": "text", "kind": "text", "at": "time", "value": "decimal", "campaign": "text", "url": "text",
    "size": "integer", "is_new": "truth",
}  # fmt: skip
TRIES = int(os.environ.get("MAILKIT_ENGINE_TRIES", "10"))
numbers = itertools.count(100)


def world(case: SegmentCase) -> Any:
    people = [person | {"country": (person["address"] or {}).get("country")} for person in case.people]
    events = [
        {
            "id": number,
            "person": event.person,
            "kind": event.kind,
            "at": event.at,
            "value": event.value,
            "campaign": event.campaign,
        }
        | {name: event.properties.get(name) for name in ("url", "size", "is_new")}
        for number, event in enumerate(case.events)
    ]
    return SimpleNamespace(people=people, events=events)


def columns(runner: Any) -> Columns:
    def kept(sorts: dict[str, str]) -> dict[str, Any]:
        special = {"decimal": {"stored": runner.decimals.stored}, "list": {"items": "text"}}
        return {name: Column(name, sort, **special.get(sort, {})) for name, sort in sorts.items()}

    fields = kept(PEOPLE)
    fields["address.country"] = fields.pop("country")
    return Columns(order="id", person_sort="text", fields=fields, properties=kept(EVENTS))


# What every engine refuses is met often enough elsewhere.
ELSEWHERE = (nodes.Folded, nodes.Distance, TextMatch.MATCHES, "own zones")


def check(runner: Any, case: SegmentCase) -> None:
    if runner.dialect == "spark" or (runner.dialect == "clickhouse" and "tags" in str(case.segment)):
        pytest.skip("slow to load tables with") if runner.dialect == "spark" else None
        return
    expected = sorted(person["id"] for person in case.segment.filter(case.people, events=case.events, now=case.now))
    suffix = str(next(numbers))
    try:
        query = case.segment.to_sql(
            runner.dialect, columns=columns(runner), people=f"people{suffix}", events=f"events{suffix}", now=case.now
        )
    except NotPortable:
        return
    runner.load(world(case), suffix, (PEOPLE, EVENTS))
    assert sorted(map(str, runner.ids(query))) == expected, query.text


@settings(max_examples=TRIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=segment_cases(without=ELSEWHERE))
def test_a_case_has_the_same_people_on_an_engine(runner: Any, case: SegmentCase) -> None:
    check(runner, case)


@pytest.mark.slow
@settings(max_examples=20 * TRIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=segment_cases(without=ELSEWHERE))
def test_many_cases_have(runner: Any, case: SegmentCase) -> None:
    check(runner, case)
