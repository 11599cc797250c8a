"""RFM: how recently, how frequently and for how much money people bought, each scored from 1 to 5.

The borders between scores are drawn through the people at hand, so that about a fifth of the
buyers get each. **Where borders lie.** Of n buyers in order, the k-th border is the figure of
buyer number ceil(k · n / 5), and who is beyond it scores higher; so people with equal figures
always get equal scores, and where many are alike, as those who bought once, some scores are
nobody's. Recency is counted in days: the least d such that "a purchase within the last d days".

Nine boxes of recency and frequency, two of them divided by money, have names:
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce
from html import escape
from operator import and_, or_
from typing import Any, Final, TypeAlias

import attrs

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.happenings import Happening, event
from mailkit.segment.segments import Segment
from mailkit.segment.spans import days

__all__ = ["GRID", "Number", "Rfm", "RfmScore"]

GRID: Final = """
                | seldom | sometimes       | often
    lately      | new    | promising       | champions if much, else loyal
    a while ago | fading | needs attention | loyal
    long ago    | lost   | hibernating     | cannot lose if much, else at risk
"""
"""The names of the boxes: recency downwards, frequency to the right, and "much" is money.

Of five scores, the lowest two are "long ago" and "seldom", the highest two "lately", "often" and
"much", and the third is between.
"""

__doc__ += GRID

Box: TypeAlias = tuple[int, int, bool | None]
"""Levels of recency and frequency, 0 to 2; and whether the money is much, None for either."""
Number: TypeAlias = "int | float | Decimal"


def _boxes(grid: str) -> dict[str, list[Box]]:
    boxes: dict[str, list[Box]] = {}
    for row, line in enumerate(grid.strip("\n").splitlines()[1:]):
        for frequency, cell in enumerate(line.split("|")[1:]):
            much, _, less = cell.strip().partition(" if much, else ")
            for name, is_much in ((much, True), (less, False)) if less else ((much, None),):
                boxes.setdefault(name, []).append((2 - row, frequency, is_much))
    return boxes


_BOXES: Final = _boxes(GRID)
_ORDER: Final = (
    "champions",
    "loyal",
    "promising",
    "new",
    "needs attention",
    "fading",
    "cannot lose",
    "at risk",
    "hibernating",
    "lost",
)
_CELL: Final = "text-align:right;padding:.2em .8em"


@attrs.frozen(kw_only=True)
class RfmScore:
    """One person's figures and scores; the higher a score, the better.

    Attributes:
        days: In how many last days the latest purchase is; 1 is the last 24 hours.
        times: How many purchases there are.
        spent: What they come to.
        recency: The score of `days`.
        frequency: The score of `times`.
        money: The score of `spent`.
    """

    days: int
    times: int
    spent: Number
    recency: int
    frequency: int
    money: int

    def __str__(self) -> str:
        return f"{self.recency}-{self.frequency}-{self.money}"


@attrs.frozen(kw_only=True)
class Rfm:
    """Borders between scores, drawn through some people; and the segments that follow from them.

    The segments are plain ones, and go with time: who was "lately" this month may not be the next.
    So they can be stored and run again; the borders stay until `rfm` draws them anew.

    Attributes:
        kind: What counts as a purchase.
        value: The property with what it was worth.
        bins: How many scores there are.
        days: The borders of recency, in days from the best score down.
        times: The borders of frequency, from the lowest score up.
        money: The borders of what was spent, from the lowest score up.
        scores: Everybody who bought, by his id.
    """

    kind: str
    value: str
    bins: int
    days: tuple[int, ...]
    times: tuple[int, ...]
    money: tuple[Number, ...]
    scores: Mapping[Any, RfmScore] = attrs.field(repr=lambda scores: f"<{len(scores)} people>")

    @property
    def segments(self) -> dict[str, Segment]:
        """The named segments; everybody who bought is in exactly one of them."""
        return {name: self._any(_BOXES[name]) for name in _ORDER}

    def segment(
        self,
        *,
        recency: tuple[int, int] | None = None,
        frequency: tuple[int, int] | None = None,
        money: tuple[int, int] | None = None,
    ) -> Segment:
        """Those whose scores lie from the first to the second number, both included; any of what is not said.

        >>> from mailkit.segment.presets.rfm_scores import Rfm
        >>> borders = {"days": (30, 90), "times": (1, 4), "money": (50, 200)}
        >>> drawn = Rfm(kind="purchase", value="value", bins=3, **borders, scores={})
        >>> print(drawn.segment(recency=(2, 3), frequency=(2, 2)))
        any purchase within last 90 days and from 2 to 4 purchase
        """
        parts: list[Segment] = []
        for what, make in ((recency, self._recent), (frequency, self._frequent), (money, self._rich)):
            first, last = (1, self.bins) if what is None else what
            if not 1 <= first <= last <= self.bins:
                raise SegmentError(
                    f"scores from {shorten(first)} to {shorten(last)}: 1 to {self.bins} are, lower first"
                )
            parts += make(first, last)
        return reduce(and_, parts)

    def name(self, score: RfmScore) -> str:
        """The named segment in which people of this score are."""
        here = (self._level(score.recency), self._level(score.frequency))
        is_much = self._level(score.money) == 2
        fits = (
            name for name, boxes in _BOXES.items() for box in boxes if box[:2] == here and box[2] in (None, is_much)
        )
        return next(fits)

    @property
    def _purchases(self) -> Happening:
        return event[self.kind]

    def _level(self, score: int) -> int:
        few = self.bins * 2 // 5
        return 0 if score <= few else 2 if score > self.bins - few else 1

    def _scores(self, level: int) -> tuple[int, int]:
        few = self.bins * 2 // 5
        return ((1, few), (few + 1, self.bins - few), (self.bins - few + 1, self.bins))[level]

    def _any(self, boxes: list[Box]) -> Segment:
        found: list[Segment] = []
        for recency, frequency, is_much in boxes:
            much = self._scores(2)
            money = None if is_much is None else much if is_much else (1, much[0] - 1)
            found.append(self.segment(recency=self._scores(recency), frequency=self._scores(frequency), money=money))
        return reduce(or_, found)

    def _recent(self, first: int, last: int) -> list[Segment]:
        parts = []
        if first > 1:
            parts.append(self._purchases.did(last=days(self.days[self.bins - first])))
        if last < self.bins:
            parts.append(self._purchases.none(last=days(self.days[self.bins - last - 1])))
        return parts

    def _frequent(self, first: int, last: int) -> list[Segment]:
        least = self.times[first - 2] + 1 if first > 1 else 1
        most = self.times[last - 1] if last < self.bins else None
        return [Segment(nodes.Count(events=nodes.Events(kind=self.kind), least=least, most=most))]

    def _rich(self, first: int, last: int) -> list[Segment]:
        spent = self._purchases.sum(self.value)
        parts = [spent > self.money[first - 2]] if first > 1 else []
        return parts + ([spent <= self.money[last - 1]] if last < self.bins else [])

    def __str__(self) -> str:
        lines = [f"{len(self.scores)} people bought"]
        for name, them in self._named().items():
            lines.append(f"{name}: {len(them)}")
        return "\n".join(lines)

    def _named(self) -> dict[str, list[RfmScore]]:
        named: dict[str, list[RfmScore]] = {name: [] for name in _ORDER}
        for score in self.scores.values():
            named[self.name(score)].append(score)
        return named

    def _repr_html_(self) -> str:
        heads = ("Segment", "People", "of all", "Spent", "of all money", "Latest, days ago (median)", "Purchases each")
        rows = [_html_row(heads, "th")]
        everything = sum(Decimal(str(score.spent)) for score in self.scores.values())
        for name, them in self._named().items():
            spent = sum(Decimal(str(score.spent)) for score in them)
            shares = (len(them) / len(self.scores) if self.scores else 0, spent / everything if everything else 0)
            middle = sorted(score.days for score in them)[(len(them) - 1) // 2] if them else "–"
            each = f"{sum(score.times for score in them) / len(them):.1f}" if them else "–"
            rows.append(
                _html_row(
                    (name, f"{len(them):,}", f"{shares[0]:.1%}", f"{spent:,.0f}", f"{shares[1]:.1%}", middle, each),
                    "td",
                )
            )
        borders = "; ".join(
            (
                f"latest purchase within {', '.join(map(str, self.days))} days",
                f"more than {', '.join(map(str, self.times))} purchases",
                f"more than {', '.join(f'{border:.12g}' for border in self.money)} spent",
            )
        )
        caption = f"Borders of the scores: {borders}."
        table = f'<table class="mailkit-rfm" style="border-collapse:collapse">{"".join(rows)}</table>'
        return f"{table}<p>{escape(caption)}</p>"


def _html_row(cells: Iterable[object], tag: str) -> str:
    first, *others = (escape(str(cell)) for cell in cells)
    shown = "".join(f'<{tag} style="{_CELL}">{cell}</{tag}>' for cell in others)
    return f'<tr><{tag} style="{_CELL};text-align:left">{first}</{tag}>{shown}</tr>'
