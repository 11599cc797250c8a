"""What a simulated warm-up came to: dates with bands, letters a day, and a picture of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from html import escape
from typing import Final

import attrs

from mailkit.send.warmup.chart import Line, chart, day_name
from mailkit.send.warmup.plans import Plan

__all__ = ["Band", "Simulation", "band"]

_CELL: Final = "text-align:left;vertical-align:top;padding:.25em .9em .25em 0;font-weight:400"


@attrs.frozen(kw_only=True)
class Band:
    """What one run in ten, every second one, and nine in ten do not exceed.

    Attributes:
        low: One run in ten.
        middle: Every second one.
        high: Nine in ten.

    >>> band(range(1, 101))
    Band(low=10, middle=50, high=90)
    """

    low: int
    middle: int
    high: int


def band(numbers: Sequence[int]) -> Band:
    """The band of some numbers, at least one: each is the smallest that so many of them do not exceed."""
    ordered = sorted(numbers)
    low, middle, high = (ordered[-(-len(ordered) * tenths // 10) - 1] for tenths in (1, 5, 9))
    return Band(low=low, middle=middle, high=high)


@attrs.frozen(kw_only=True)
class Simulation:
    """What many runs of a plan came to; in a notebook it shows itself, with a picture.

    Attributes:
        plan: The plan.
        begins_on: The first day.
        runs: How often it was run.
        most_days: After so many days a run was broken off.
        sending: Letters a day by the new identity, over all providers, day by day.
        overflow: Letters a day that had to go by a warm identity, or to wait.
        overflowed: How many those were in all.
        through: After how many days the new identity carries everything, for each provider; a run
            that was broken off counts as `most_days + 1`.
        all_through: The same for all providers together.

    >>> from mailkit.send.warmup import Audience, simulate
    >>> told = simulate(Plan(), {"gmail": Audience(volume=20_000)}, begins_on=date(2026, 3, 2), runs=20, seed=1)
    >>> print(told)
    From 2 Mar 2026, through by 30 Mar in half of 20 runs (29 Mar to 31 Mar).
      gmail: 30 Mar in half of 20 runs (29 Mar to 31 Mar)
    Until then 421,055 letters go by a warm identity, or wait (389,976 to 451,769).
    """

    plan: Plan
    begins_on: date
    runs: int
    most_days: int
    sending: tuple[Band, ...]
    overflow: tuple[Band, ...]
    overflowed: Band
    through: Mapping[str, Band]
    all_through: Band

    def __str__(self) -> str:
        spans = [f"  {name}: {self._when(span)}" for name, span in self.through.items()]
        return "\n".join([self._summary(), *spans, self._rest()])

    def on(self, days: int) -> date | None:
        """The day before which so many days have passed; None if runs were broken off by then."""
        return None if days > self.most_days else self.begins_on + timedelta(days=days)

    def svg(self) -> str:
        """The picture: letters a day with their band, and when the identity is through. It stands by itself."""
        own, others = (
            Line(
                low=[one.low for one in days],
                middle=[one.middle for one in days],
                high=[one.high for one in days],
            )
            for days in (self.sending, self.overflow)
        )
        through = (self.all_through.low, self.all_through.middle, self.all_through.high)
        title = escape(f"Letters a day while an identity is warmed up. {self._summary()}")
        return chart(self.begins_on, own, others, through=through, title=title, most_days=self.most_days)

    def to_html(self) -> str:
        """A page of its own with the picture and the dates, light or dark as the screen is; nothing is fetched."""
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        width = '<meta name="viewport" content="width=device-width"><title>A simulated warm-up</title>'
        return f"{head}{width}{self._repr_html_()}</html>"

    def _repr_html_(self) -> str:
        rows = "".join(self._row(name, span) for name, span in self.through.items())
        titles = ("provider", "1 run in 10 by", "half by", "9 in 10 by")
        head = "".join(f'<th scope="col" style="{_CELL};opacity:.7">{title}</th>' for title in titles)
        return (
            '<section class="mailkit-warmup" aria-label="A simulated warm-up" style="font-family:system-ui,sans-serif">'
            f'<p style="margin:.3em 0">{self._summary()}</p>{self.svg()}'
            f'<table style="border-collapse:collapse"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
            f'<p style="margin:.3em 0">{self._rest()}</p></section>'
        )

    def _row(self, name: str, span: Band) -> str:
        days = "".join(f'<td style="{_CELL}">{self._day(day)}</td>' for day in (span.low, span.middle, span.high))
        return f'<tr><th scope="row" style="{_CELL}">{escape(name)}</th>{days}</tr>'

    def _summary(self) -> str:
        everywhere = "at all providers " if len(self.through) > 1 else ""
        begin = f"{day_name(self.begins_on)} {self.begins_on.year}"
        return f"From {begin}, through {everywhere}by {self._when(self.all_through)}."

    def _rest(self) -> str:
        low, middle, high = self.overflowed.low, self.overflowed.middle, self.overflowed.high
        return f"Until then {middle:,} letters go by a warm identity, or wait ({low:,} to {high:,})."

    def _when(self, span: Band) -> str:
        return f"{self._day(span.middle)} in half of {self.runs} runs ({self._day(span.low)} to {self._day(span.high)})"

    def _day(self, days: int) -> str:
        on = self.on(days)
        if on is None:
            return f"not within {self.most_days} days"
        return day_name(on) + (f" {on.year}" if on.year != self.begins_on.year else "")
