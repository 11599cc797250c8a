"""The waterfall of a segment: how many people each of its conditions leaves, and a few of them to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.explained.faces import MUTED, aligned, bar, cell, frame, harmless, layout, row, table, ticks
from mailkit.segment.explained.tallies import answers, besides
from mailkit.segment.language.text import sentence
from mailkit.segment.running.access import field_names, read
from mailkit.segment.running.histories import EventSource
from mailkit.segment.running.runs import OnError
from mailkit.segment.segments import Segment

__all__ = ["Sample", "Step", "Waterfall", "waterfall"]

_COLUMNS: Final = 8
"""So many fields of a record are shown."""


@attrs.frozen(kw_only=True)
class Step:
    """What one condition does to the number of people.

    Attributes:
        sentence: The condition.
        left: How many people are in after it, together with all conditions before it.
        alone: How many it is true of, whatever the others say.
        decides: How many it alone decides about: with "and", those kept out by it and by nothing
            else; with "or", those in through it and through nothing else.
    """

    sentence: str
    left: int
    alone: int
    decides: int


@attrs.frozen(kw_only=True)
class Sample:
    """A person to look at.

    Attributes:
        record: The record as it was given.
        answers: What each condition says of him, in their order.
    """

    record: Any
    answers: tuple[bool, ...]


@attrs.frozen(kw_only=True)
class Waterfall:
    """How many people are left after each condition of a segment: as text, in a notebook as a picture.

    Attributes:
        node: The segment's tree.
        joint: The word between the conditions, "and" or "or"; empty if there is only one.
        people: How many people were looked at, those apart who could not be judged.
        steps: The conditions that this word joins, in the order written.
        inside: Some of those in the segment.
        outside: Some of those not in it; with "and" one for each condition that kept people out, if there were.
        fields: Which of a record's fields are shown, those first that the segment speaks of.
        unjudged: How many people could not be judged, and are in no other number.
    """

    node: nodes.Condition
    joint: str
    people: int
    steps: tuple[Step, ...]
    inside: tuple[Sample, ...]
    outside: tuple[Sample, ...]
    fields: tuple[str, ...]
    unjudged: int = 0

    @property
    def sentence(self) -> str:
        """The segment as text."""
        return sentence(self.node)

    @property
    def is_in(self) -> int:
        """How many people are in the segment."""
        return self.steps[-1].left

    def __str__(self) -> str:
        head = ["", self._so_far(), "", "true of", self._only()]
        rows = [] if self.joint == "or" else [["everybody", f"{self.people:,}", self._share(self.people), "", ""]]
        for place, step in enumerate(self.steps):
            words = f"{self.joint} {step.sentence}" if place else f"{' ' * len(self.joint)} {step.sentence}"
            told = [f"{step.left:,}", self._share(step.left), f"{step.alone:,}", f"{step.decides:,}"]
            rows += _wrapped(words if self.joint else step.sentence, told, indent=len(self.joint) + 1)
        parts = [f"{self._summary()}.", "", *aligned([head, *rows])]
        for title, samples in (("In", self.inside), ("Not in", self.outside)):
            parts += ["", f"{title}, for example:", *map(self._told, samples)] if samples else []
        return "\n".join(parts)

    def _told(self, sample: Sample) -> str:
        values = ", ".join(f"{name}: {_value(sample.record, name)}" for name in self.fields)
        return f"  {''.join('✓' if answer else '✗' for answer in sample.answers)}  {values}"

    def _summary(self) -> str:
        told = f"{self.is_in:,} of {self.people:,} people are in ({self._share(self.is_in)})"
        return told + besides(self.unjudged)

    def _share(self, people: int) -> str:
        return f"{people / self.people:.1%}" if self.people else "–"

    def _so_far(self) -> str:
        return "in so far" if self.joint == "or" else "left"

    def _only(self) -> str:
        return "in by this alone" if self.joint == "or" else "kept out by this alone"

    def _repr_html_(self) -> str:
        summary = f'<p style="margin:.3em 0">{self._summary()}.</p>'
        pieces = [layout(self.node), summary, self._steps_html()]
        pieces += [self._samples_html("In, for example", self.inside)] if self.inside else []
        pieces += [self._samples_html("Not in, for example", self.outside)] if self.outside else []
        return frame("mailkit-waterfall", "Waterfall of a segment", *pieces)

    def _steps_html(self) -> str:
        titles = (self._so_far(), "true of", self._only())
        head = [cell("condition", head="col"), *(cell(title, head="col", is_number=True) for title in titles)]
        everybody = row(cell("everybody", head="row"), self._bar(self.people), cell(""), cell(""))
        rows = [] if self.joint == "or" else [everybody]
        for place, step in enumerate(self.steps):
            joint = f'<b style="{MUTED}">{self.joint}</b> ' if place else ""
            rows.append(
                row(
                    cell(f"{joint}<code>{harmless(step.sentence)}</code>", head="row"),
                    self._bar(step.left),
                    cell(f"{step.alone:,}", is_number=True),
                    cell(f"{step.decides:,}", is_number=True),
                )
            )
        return table("Condition by condition", head, rows)

    def _bar(self, people: int) -> str:
        told = f'{people:,} <span style="{MUTED}">{self._share(people)}</span>'
        return cell(told + bar(people / self.people if self.people else 0), is_number=True)

    def _samples_html(self, caption: str, samples: Sequence[Sample]) -> str:
        head = [cell("conditions", head="col"), *(cell(harmless(name), head="col") for name in self.fields)]
        rows = (
            row(
                cell(" ".join(map(ticks, sample.answers)), style="white-space:nowrap"),
                *(cell(harmless(_value(sample.record, name))) for name in self.fields),
            )
            for sample in samples
        )
        return table(caption, head, rows)


def waterfall(
    segment: Segment,
    people: Iterable[Any],
    *,
    events: EventSource | None,
    now: datetime | None,
    key: str,
    assume_zone: tzinfo | str | None,
    sample: int,
    on_error: OnError | None,
) -> Waterfall:
    """The body of `Segment.waterfall`."""
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < 0:
        raise SegmentError(f"sample={shorten(sample)} is not a number of people to show: a whole number from 0 up is")
    node = segment.node
    joint, parts = _joined(node)
    conditions = [Segment(part) for part in parts]
    told, unjudged = answers(
        conditions, people, events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error
    )
    marks = [one for _, one in told]
    samples = [Sample(record=person, answers=one) for person, one in told]
    inside, outside = _chosen(samples, joint, sample)
    return Waterfall(
        node=node,
        joint=joint,
        people=len(marks),
        steps=tuple(_step(place, part, marks, joint) for place, part in enumerate(parts)),
        inside=inside,
        outside=outside,
        fields=_fields(node, samples[0].record, key) if samples else (),
        unjudged=unjudged,
    )


def _joined(node: nodes.Condition) -> tuple[str, tuple[nodes.Condition, ...]]:
    match node:
        case nodes.And():
            return "and", node.parts
        case nodes.Or():
            return "or", node.parts
        case _:
            return "", (node,)


def _is_in(answers: Iterable[bool], joint: str) -> bool:
    return any(answers) if joint == "or" else all(answers)


def _step(place: int, part: nodes.Condition, marks: Sequence[tuple[bool, ...]], joint: str) -> Step:
    """With "or", who decides alone is true where the others are false; with "and" the other way round."""
    sole = joint == "or"
    return Step(
        sentence=_part_sentence(part),
        left=sum(_is_in(one[: place + 1], joint) for one in marks),
        alone=sum(one[place] for one in marks),
        decides=sum(one[place] is sole and one.count(sole) == 1 for one in marks),
    )


def _part_sentence(part: nodes.Condition) -> str:
    text = sentence(part)
    return f"({text})" if isinstance(part, nodes.And | nodes.Or) else text


def _chosen(samples: Sequence[Sample], joint: str, most: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """The first few in, and a few not in: one for each condition that kept people out first, then whoever comes."""
    inside = [one for one in samples if _is_in(one.answers, joint)]
    outside = [(place, one) for place, one in enumerate(samples) if not _is_in(one.answers, joint)]
    first: dict[int, tuple[int, Sample]] = {}
    for place, one in outside:
        first.setdefault(one.answers.index(False), (place, one))
    wanted = dict([*(first[step] for step in sorted(first)), *outside][: most + len(first)])
    kept = sorted(list(wanted.items())[:most])
    return tuple(inside[:most]), tuple(one for _, one in kept)


def _fields(node: nodes.Condition, record: Any, key: str) -> tuple[str, ...]:
    """The id, what the segment speaks of, and what else a record tells without being asked."""
    own = [".".join(field.path) for field in nodes.person_fields(node)]
    known = list(record) if isinstance(record, dict) else []
    known += [field.name for field in attrs.fields(type(record))] if attrs.has(type(record)) else []
    known += list(getattr(record, "__dataclass_fields__", ()))
    names = dict.fromkeys([*([key] if key in field_names(record) else []), *own, *map(str, known)])
    return tuple(names)[:_COLUMNS]


def _value(record: Any, name: str) -> str:
    try:
        found = read(record, (name,), is_optional=True)
        value = read(record, tuple(name.split(".")), is_optional=True) if found is None else found
    except SegmentError as error:
        return error.reason
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if value is None:
        return "null"
    return shorten(value, longest=60)


def _wrapped(words: str, told: list[str], *, indent: int) -> list[list[str]]:
    """The words over as many rows as they need, with the numbers in the last."""
    from textwrap import wrap

    texts = wrap(words, 60, subsequent_indent=" " * (indent + 2), drop_whitespace=True, initial_indent="") or [""]
    lead = len(words) - len(words.lstrip())
    texts[0] = " " * lead + texts[0].lstrip()
    return [*([text, "", "", "", ""] for text in texts[:-1]), [texts[-1], *told]]
