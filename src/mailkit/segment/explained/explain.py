"""Why a person is in a segment or not: the tree with ticks, what decided, and what would change it and when."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import attrs

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.explained.faces import MUTED, frame, harmless, ticks
from mailkit.segment.explained.grounds import Ground, grounds
from mailkit.segment.explained.prospects import Case, Cause, Change, changes
from mailkit.segment.explained.tallies import kept
from mailkit.segment.explained.telling import when
from mailkit.segment.language.text import sentence
from mailkit.segment.lasting.timelines import timeline
from mailkit.segment.lasting.validity import Judge, Judgement
from mailkit.segment.running.access import read
from mailkit.segment.running.evaluate import asks_about_events
from mailkit.segment.running.histories import EventSource, Histories
from mailkit.segment.running.runs import about
from mailkit.segment.segments import Segment
from mailkit.segment.values import as_told, instant, zone

__all__ = ["Cause", "Change", "Explanation", "Ground", "Reason", "explain"]

_WIDEST: Final = 60
"""A condition wider than this has what decided it beneath it, not beside it."""


@attrs.frozen(kw_only=True)
class Reason:
    """How one condition of the segment stands with the person.

    Attributes:
        node: The condition.
        is_true: How it stands.
        until: Until when that holds if nothing more happens; None if for good.
        is_exact: Whether it is otherwise at that instant; else it holds until then at least.
        grounds: The values and events that decided; empty where `parts` did.
        parts: The conditions that it is joined of.
    """

    node: nodes.Condition
    is_true: bool
    until: datetime | None
    is_exact: bool = True
    grounds: tuple[Ground, ...]
    parts: tuple[Reason, ...]

    @property
    def sentence(self) -> str:
        """The condition as text."""
        return sentence(self.node)

    @property
    def word(self) -> str:
        """What stands for it where its parts are shown below it: "and", "or" or "not"; else its sentence."""
        match self.node:
            case nodes.And():
                return "and"
            case nodes.Or():
                return "or"
            case nodes.Not():
                return "not" if self.parts and self.parts[0].parts else self.sentence
            case _:
                return self.sentence

    @property
    def shown_parts(self) -> tuple[Reason, ...]:
        """The parts that are worth a line of their own; what stands behind "not" mostly is not."""
        return () if self.word == self.sentence else self.parts

    @property
    def all_grounds(self) -> tuple[Ground, ...]:
        """What decided it and its parts, apart from those with a line of their own."""
        return self.grounds or tuple(ground for part in self.parts for ground in part.grounds if not self.shown_parts)

    def to_dict(self) -> dict[str, Any]:
        """It as plain values, fit for JSON."""
        return {
            "condition": self.sentence,
            "is_true": self.is_true,
            "until": _iso(self.until),
            "is_exact": self.is_exact,
            "grounds": [
                {
                    "about": one.about,
                    "value": _plain(one.value),
                    "at": [_iso(at) for at in one.at],
                    "text": one.sentence,
                }
                for one in self.grounds
            ],
            "parts": [part.to_dict() for part in self.parts],
        }


@attrs.frozen(kw_only=True)
class Explanation:
    """Why a person is in a segment or not, and what would change it: as text a tree, in a notebook a list.

    Attributes:
        person: The person's id; empty if the record has none.
        now: As of when.
        is_in: Whether the person is in.
        until: The instant at which that is otherwise though nothing more happens; None if never. It is an
            earlier one, and no change tells of it, where the segment cannot be asked as of then, or changes
            in its parts lead to none of the whole for very long.
        reason: How the segment and each of its conditions stand.
        changes: What would change it, by one thing alone; empty if nothing would that could be found.
    """

    person: str
    now: datetime
    is_in: bool
    until: datetime | None
    reason: Reason
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """It as plain values, fit for JSON."""
        return {
            "person": self.person,
            "now": _iso(self.now),
            "is_in": self.is_in,
            "until": _iso(self.until),
            "reason": self.reason.to_dict(),
            "changes": [
                {
                    "cause": change.cause.value,
                    "text": change.sentence,
                    "is_in": change.is_in,
                    "at": _iso(change.at),
                    "until": _iso(change.until),
                    "what": change.what,
                    "event": None
                    if change.event is None
                    else {name: _plain(one) for name, one in change.event.items()},
                    "unless": list(change.unless),
                }
                for change in self.changes
            ],
        }

    def __str__(self) -> str:
        told = [self._summary(), "", *_columns(list(_rows(self.reason, "", "")))]
        told += ["", "What would change it:", *(f"- {one}" for one in self._prospects())]
        return "\n".join(told)

    def _summary(self) -> str:
        who = f"{self.person} is" if self.person else "This person is"
        return f"{who} {'in' if self.is_in else 'not in'} as of {when(self.now)}."

    def _prospects(self) -> list[str]:
        told = [change.sentence for change in self.changes]
        is_told = any(change.cause is Cause.TIME for change in self.changes)
        if self.until is None:
            told.insert(0, "time alone changes nothing")
        elif not is_told and not self.reason.is_exact:
            told.insert(0, f"time alone changes nothing before {when(self.until)}")
        return told

    def _repr_html_(self) -> str:
        summary = f'<p style="margin:.3em 0">{ticks(self.is_in)} <b>{harmless(self._summary())}</b></p>'
        tree = _list([_item(self.reason)])
        told = _list(list(map(harmless, self._prospects())), sign="disc")
        prospects = f'<p style="margin:.8em 0 .2em;font-weight:600">What would change it</p>{told}'
        return frame("mailkit-explanation", "Why a person is in a segment or not", summary, tree, prospects)


def explain(
    segment: Segment,
    person: Any,
    *,
    events: EventSource | None,
    now: datetime | None,
    key: str,
    assume_zone: tzinfo | str | None,
) -> Explanation:
    """The body of `Segment.explain`."""
    node, theirs, assumed = segment.node, kept(events), zone(assume_zone)
    as_of = SystemClock().now() if now is None else instant(now, assumed)
    segment.matches(person, events=theirs, now=as_of, key=key, assume_zone=assumed)  # for what it refuses
    history: Any = ()
    if asks_about_events(node):
        history = Histories(key=key, assumed=assumed, is_own=True).finder(theirs if theirs is not None else ())(person)
    seen = tuple(event for event in history if event.at <= as_of)
    case = Case(node=node, record=person, events=seen, now=as_of, assumed=assumed, judge=Judge(node, assumed))
    try:
        judgement = case.judge.judge(person, timeline(seen), as_of)
        until, is_known = _turn(case, judgement)
        found = changes(case, judgement, until if is_known else None)
    except Exception as trouble:  # noqa: BLE001 - a value's own code may raise anything
        error = as_told(trouble, "judging the record")
        raise about(person, key, error, node) from error.__cause__
    return Explanation(
        person=_identity(person, key),
        now=as_of,
        is_in=judgement.is_true,
        until=until,
        reason=_reason(judgement, case),
        changes=found,
    )


def _turn(case: Case, judgement: Judgement) -> tuple[datetime | None, bool]:
    """When the answer is another one, and whether that is known to the instant."""
    try:
        return case.turn(judgement), True
    except SegmentError:  # the condition is an error then, or there are too many changes that lead to none
        return judgement.until, False


def _reason(judgement: Judgement, case: Case) -> Reason:
    return Reason(
        node=judgement.node,
        is_true=judgement.is_true,
        until=judgement.until,
        is_exact=judgement.is_exact,
        grounds=grounds(judgement, case.events, case.now),
        parts=tuple(_reason(part, case) for part in judgement.parts),
    )


def _identity(person: Any, key: str) -> str:
    try:
        found = read(person, (key,), is_optional=True)
    except SegmentError:
        return ""
    return "" if found is None else str(found) if isinstance(found, str | int) else shorten(found)


def _rows(reason: Reason, lead: str, below: str) -> Iterator[tuple[str, str]]:
    """Each condition with one of its grounds, and further grounds in rows of their own."""
    told = [*(ground.sentence for ground in reason.all_grounds), *_until(reason)]
    line, parts = f"{lead}{'✓' if reason.is_true else '✗'} {reason.word}", reason.shown_parts
    beside, beneath = ("", told) if len(line) > _WIDEST else ("".join(told[:1]), told[1:])
    yield line, beside
    for other in beneath:
        yield below + ("│ " if parts else ""), other
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        yield from _rows(part, below + ("└ " if is_last else "├ "), below + ("  " if is_last else "│ "))


def _until(reason: Reason) -> Iterator[str]:
    if reason.until is not None and not reason.shown_parts:
        yield f"so {'' if reason.is_exact else 'at least '}until {when(reason.until)}"


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = max((len(left) for left, _ in rows if len(left) <= _WIDEST), default=0)
    return [f"{left:{width}}  {right}".rstrip() for left, right in rows]


def _list(items: list[str], *, sign: str = "none") -> str:
    inner = "".join(f'<li style="margin:.25em 0;overflow-wrap:anywhere">{item}</li>' for item in items)
    left = ".2em" if sign == "none" else "1.3em"
    return f'<ul style="list-style:{sign};margin:0;padding-left:{left}">{inner}</ul>' if items else ""


def _item(reason: Reason) -> str:
    notes = [*(ground.sentence for ground in reason.all_grounds), *_until(reason)]
    told = "".join(f'<div style="{MUTED};padding-left:1.5em;font-size:.93em">{harmless(note)}</div>' for note in notes)
    parts = reason.shown_parts
    head = f"<b>{reason.word}</b>" if parts else f"<code>{harmless(reason.word)}</code>"
    below = _list([_item(part) for part in parts])
    line = "border-left:1px solid rgba(128,128,128,.35);margin-left:.45em;padding-left:.8em"
    return f"{ticks(reason.is_true)} {head}{told}" + (f'<div style="{line}">{below}</div>' if below else "")


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0):
        return _iso(value)
    return value if value is None or isinstance(value, str | bool | int) or _is_finite(value) else str(value)


def _is_finite(value: Any) -> bool:
    """Whether it is a float that JSON has a word for."""
    return isinstance(value, float) and math.isfinite(value)
