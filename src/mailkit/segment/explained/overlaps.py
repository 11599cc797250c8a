"""How segments overlap: who is in several of them, in one alone, or in none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment.explained.faces import MUTED, aligned, bar, cell, frame, harmless, listed, row, shade, table
from mailkit.segment.explained.tallies import answers, besides
from mailkit.segment.running.histories import EventSource
from mailkit.segment.running.runs import OnError, check_named
from mailkit.segment.segments import Segment

__all__ = ["Combination", "Overlap", "overlap"]

_SHOWN = 12
"""So many combinations are shown; `combinations` has them all."""


@attrs.frozen(kw_only=True)
class Combination:
    """How many people are in just these segments and in none of the others.

    Attributes:
        names: The segments' names in their order; empty for those who are in none.
        people: How many.
    """

    names: tuple[str, ...]
    people: int

    def __str__(self) -> str:
        return f"{self.people:,} in {listed(self.names) or 'none'}"


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _combinations(combinations: Iterable[Combination]) -> tuple[Combination, ...]:
    return tuple(combinations)


@attrs.frozen(kw_only=True)
class Overlap:
    """How many people segments have in common: as text a table, in a notebook a picture.

    Attributes:
        names: The segments' names in the order given.
        combinations: For each set of segments that somebody is in, how many people are in just
            these, the most first. Everything else follows from it.
        unjudged: How many people could not be judged, and are in no other number.

    >>> from mailkit.segment import field as f
    >>> people = [{"spent": spent} for spent in (900, 300, 80, 0)]
    >>> found = overlap({"buyer": f.spent > 0, "big": f.spent > 500}, people)
    >>> found.sizes, found.common("buyer", "big"), found.common_share("big", "buyer")
    ({'buyer': 3, 'big': 1}, 1, 1.0)
    """

    names: tuple[str, ...] = attrs.field(converter=_names)
    combinations: tuple[Combination, ...] = attrs.field(converter=_combinations)
    unjudged: int = 0

    @property
    def people(self) -> int:
        """How many people were looked at, those apart who could not be judged."""
        return sum(one.people for one in self.combinations)

    @property
    def none(self) -> int:
        """How many are in none of the segments."""
        return sum(one.people for one in self.combinations if not one.names)

    @property
    def any(self) -> int:
        """How many are in at least one."""
        return self.people - self.none

    @property
    def sizes(self) -> dict[str, int]:
        """How many are in each segment."""
        return {name: self.common(name, name) for name in self.names}

    @property
    def exclusive(self) -> dict[str, int]:
        """How many are in each segment and in no other."""
        return {name: sum(one.people for one in self.combinations if one.names == (name,)) for name in self.names}

    def common(self, *names: str) -> int:
        """How many are in all of these segments, whatever else they are in.

        Raises:
            SegmentError: There is no segment of that name.
        """
        for name in names:
            if name not in self.names:
                raise SegmentError(f"there is no segment {shorten(name)} here; there are {', '.join(self.names)}")
        wanted = set(names)
        return sum(one.people for one in self.combinations if wanted.issubset(one.names))

    def common_share(self, of: str, also: str) -> float | None:
        """Which share of the people in one segment is in the other, too; None if the first is empty."""
        size = self.common(of)
        return self.common(of, also) / size if size else None

    def __str__(self) -> str:
        names = [_short(name) for name in self.names]
        exclusive = self.exclusive
        head = ["of those in", "people", "in no other", *names]
        rows = [
            [short, f"{size:,}", f"{exclusive[name]:,}", *self._shares(name)]
            for short, (name, size) in zip(names, self.sizes.items(), strict=True)
        ]
        together = [[f"{one.people:,}", listed(one.names) or "none"] for one in self.combinations[:_SHOWN]]
        return "\n".join([f"{self._summary()}.", "", *aligned([head, *rows]), "", "In just these:", *_pairs(together)])

    def _shares(self, name: str) -> list[str]:
        return ["·" if name == other else _percent(self.common_share(name, other)) for other in self.names]

    def _summary(self) -> str:
        several = f"{self.any:,} in at least one of {len(self.names)} segments"
        return f"{self.people:,} people: {several}, {self.none:,} in none{besides(self.unjudged)}"

    def _repr_html_(self) -> str:
        summary = f'<p style="margin:.3em 0">{self._summary()}.</p>'
        return frame("mailkit-overlap", "Overlap of segments", summary, self._matrix(), self._upset())

    def _matrix(self) -> str:
        """The segments across each other: each row tells of the people in one where else they are."""
        titles = ("Of those in", "people", "in no other")
        head = [cell(titles[0], head="col"), *(cell(title, head="col", is_number=True) for title in titles[1:])]
        head += [cell(f"also in<br>{harmless(name)}", head="col", is_number=True) for name in self.names]
        exclusive, sizes = self.exclusive, self.sizes
        rows = (
            row(
                cell(harmless(name), head="row"),
                cell(f"{sizes[name]:,}", is_number=True),
                cell(f"{exclusive[name]:,}", is_number=True),
                *(self._meeting(name, other) for other in self.names),
            )
            for name in self.names
        )
        return table("Where they meet", head, rows)

    def _meeting(self, name: str, other: str) -> str:
        if name == other:
            return cell('<span aria-label="the segment itself" role="img">·</span>', is_number=True)
        share = self.common_share(name, other)
        told = f'{_percent(share)}<br><span style="{MUTED};font-size:.85em">{self.common(name, other):,}</span>'
        return cell(told, is_number=True, style=shade(share or 0))

    def _upset(self) -> str:
        """The largest combinations, each with a dot under every segment that is in it."""
        head = [cell(harmless(name), head="col", style="text-align:center") for name in self.names]
        head.append(cell("people in just these", head="col"))
        most = max((one.people for one in self.combinations), default=0)
        rows = [row(*(_dot(name in one.names) for name in self.names), _amount(one, most)) for one in self._largest()]
        hidden = len(self.combinations) - len(rows)
        caption = "The largest combinations" + (f", {hidden:,} smaller ones left out" if hidden else "")
        return table(caption, head, rows)

    def _largest(self) -> tuple[Combination, ...]:
        return self.combinations[:_SHOWN]


def overlap(
    segments: Mapping[str, Segment],
    people: Iterable[Any],
    *,
    events: EventSource | None = None,
    now: datetime | None = None,
    key: str = "id",
    assume_zone: tzinfo | str | None = None,
    on_error: OnError | None = None,
) -> Overlap:
    """Count how many people segments have in common.

    Args:
        segments: The segments by name.
        people: Records, as in `Segment.filter`.
        events: Their events, as in `Segment.filter`.
        now: As of when, aware; the present unless given.
        key: The field with the person's id.
        assume_zone: The zone of times without one, which are refused otherwise.
        on_error: What to do with a record that cannot be judged, as in `Segment.filter`: he is counted apart.

    Raises:
        SegmentError: As in `Segment.filter`.

    >>> from mailkit.segment import field as f
    >>> people = [{"city": "Kazan", "age": 34}, {"city": "Kazan", "age": 17}, {"city": "Ufa", "age": 40}]
    >>> print(overlap({"local": f.city == "Kazan", "adult": f.age >= 18}, people))
    3 people: 3 in at least one of 2 segments, 0 in none.
    <BLANKLINE>
    of those in  people  in no other  local  adult
    local             2            1      ·    50%
    adult             2            1    50%      ·
    <BLANKLINE>
    In just these:
    1  local and adult
    1  local
    1  adult
    """
    check_named(segments)
    names = tuple(segments)
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong or not names:
        raise SegmentError(
            f"{shorten((*wrong, segments)[0])}: give segments by name, such as {{'loyal': f.orders > 9}}"
        )
    told, unjudged = answers(
        segments.values(), people, events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error
    )
    counts = Counter(marks for _, marks in told)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], [not mark for mark in item[0]]))
    combinations = [_combination(names, marks, count) for marks, count in ordered]
    return Overlap(names=names, combinations=combinations, unjudged=unjudged)


def _combination(names: tuple[str, ...], marks: tuple[bool, ...], people: int) -> Combination:
    return Combination(names=tuple(name for name, mark in zip(names, marks, strict=True) if mark), people=people)


def _dot(is_in: bool) -> str:
    sign, word, style = ("●", "in it", "") if is_in else ("·", "not in it", MUTED)
    return cell(f'<span role="img" aria-label="{word}" style="{style}">{sign}</span>', style="text-align:center")


def _amount(one: Combination, most: int) -> str:
    named = "" if one.names else f' <span style="{MUTED}">in none</span>'
    return cell(f"{one.people:,}{named}{bar(one.people / most)}")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _pairs(rows: list[list[str]]) -> list[str]:
    width = max((len(number) for number, _ in rows), default=0)
    return [f"{number.rjust(width)}  {text}" for number, text in rows]
