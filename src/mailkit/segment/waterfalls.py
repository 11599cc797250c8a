"""The waterfall of a segment: how many people each of its conditions leaves, and a few of them to look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.access import field_names, read
from mailkit.segment.faces import MUTED, bar, cell, frame, harmless, layout, listed, row, table, ticks
from mailkit.segment.histories import EventSource
from mailkit.segment.segments import Segment
from mailkit.segment.tallies import answers
from mailkit.segment.text import sentence

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
        people: How many people were looked at.
        steps: The conditions that this word joins, in the order written.
        inside: Some of those in the segment.
        outside: Some of those not in it; with "and" one for each condition that kept people out, if there were.
        fields: Which of a record's fields are shown, those first that the segment speaks of.
    """

    node: nodes.Condition
    joint: str
    people: int
    steps: tuple[Step, ...]
    inside: tuple[Sample, ...]
    outside: tuple[Sample, ...]
    fields: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The segment as text."""
        return sentence(self.node)

    @property
    def is_in(self) -> int:
        """How many people are in the segment."""
        return self.steps[-1].left
