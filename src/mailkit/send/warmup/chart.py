"""The picture of a simulated warm-up: a little SVG, without a library and without scripts.

It takes its ink from the page (`currentColor`), so it is readable on light and on dark ones, and is
drawn for a width of 400 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from math import log10
from typing import Final

import attrs

__all__ = ["Line", "chart", "day_name"]

_WIDTH, _HEIGHT = 400, 244
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 388, 44, 218
_OWN, _OTHER, _THROUGH = "#3b82f6", "#d97706", "#0d9488"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS: Final = (1, 2, 5, 7, 14, 28, 56, 91, 182, 364)
_MOST_TICKS: Final = 6


@attrs.frozen(kw_only=True)
class Line:
    """Letters a day: low, middle and high of each day."""

    low: Sequence[float]
    middle: Sequence[float]
    high: Sequence[float]


@attrs.frozen(kw_only=True)
class _Scale:
    """From days and letters to places in the picture; letters on a scale of powers of ten."""

    days: int
    most: float

    def x(self, day: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * day / max(1, self.days - 1)

    def y(self, letters: float) -> float:
        share = log10(max(letters, self.least) / self.least) / log10(self.most / self.least)
        return _BOTTOM - (_BOTTOM - _TOP) * min(1.0, share)

    @property
    def least(self) -> float:
        return 10.0


def chart(
    begins_on: date, own: Line, others: Line, *, through: tuple[int, int, int], title: str, most_days: int
) -> str:
    """The picture: letters a day by the new identity with their band, those by others, and when it is through.

    Args:
        begins_on: The first day.
        own: Letters by the new identity.
        others: Letters that go by another one, or wait.
        through: After how many days it is through: low, middle and high.
        title: What the picture shows, for those who cannot see it.
        most_days: Up to which day it was looked.
    """
    scale = _Scale(days=len(own.middle), most=_above(max([*own.high, *others.middle, 100.0])))
    parts = [
        *_grid(scale, begins_on),
        *_finish(scale, begins_on, through, most_days),
        f'<path d="{_area(scale, own)}" fill="{_OWN}" fill-opacity=".25"/>',
        f'<path d="{_path(scale, own.middle)}" fill="none" stroke="{_OWN}" stroke-width="2.5"/>',
        f'<path d="{_path(scale, others.middle)}" fill="none" stroke="{_OTHER}" stroke-width="2" '
        'stroke-dasharray="5 3"/>',
        *_legend(),
    ]
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{title}" xmlns="http://www.w3.org/2000/svg" '
        'style="width:100%;max-width:560px;height:auto;display:block;font:12px system-ui,sans-serif" '
        f'fill="currentColor">{"".join(parts)}</svg>'
    )


def day_name(on: date) -> str:
    """A date as people write it, such as 2 Mar."""
    return f"{on.day} {_MONTHS[on.month - 1]}"


def _grid(scale: _Scale, begins_on: date) -> list[str]:
    parts = []
    letters = scale.least
    while letters <= scale.most:
        y = scale.y(letters)
        parts.append(_line(_LEFT, y, _RIGHT, y, "currentColor", "stroke-opacity='.15'"))
        parts.append(_text(_LEFT - 6, y + 4, _short(letters), "end"))
        letters *= 10
    step = next((step for step in _STEPS if scale.days / step <= _MOST_TICKS), _STEPS[-1])
    for day in range(0, scale.days, step):
        on = begins_on + timedelta(days=day)
        anchor = "start" if day == 0 else "end" if scale.x(day) > _RIGHT - 14 else "middle"
        parts.append(_line(scale.x(day), _BOTTOM, scale.x(day), _BOTTOM + 4, "currentColor"))
        parts.append(_text(scale.x(day), _BOTTOM + 18, day_name(on), anchor))
    parts.append(_line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, "currentColor"))
    return parts


def _finish(scale: _Scale, begins_on: date, through: tuple[int, int, int], most_days: int) -> list[str]:
    """The days between which it is through, and the one in the middle."""
    low, middle, high = (scale.x(min(day, scale.days - 1)) for day in through)
    parts = [
        f'<rect x="{low - 1:.1f}" y="{_TOP}" width="{high - low + 2:.1f}" height="{_BOTTOM - _TOP}" '
        f'fill="{_THROUGH}" fill-opacity=".18"/>'
    ]
    if through[1] <= most_days:
        on = begins_on + timedelta(days=through[1])
        parts.append(_line(middle, _TOP, middle, _BOTTOM, _THROUGH, "stroke-width='1.5'"))
        told = f"through on {day_name(on)}"
        is_right = middle > (_LEFT + _RIGHT) / 2
        parts.append(_text(middle if is_right else max(middle, _LEFT + 88), 34, told, "end" if is_right else "start"))
    return parts


def _legend() -> list[str]:
    return [
        _line(_LEFT, 12, _LEFT + 18, 12, _OWN, "stroke-width='2.5'"),
        _text(_LEFT + 23, 16, "new identity, 10 – 90 %", "start"),
        _line(_LEFT + 188, 12, _LEFT + 206, 12, _OTHER, "stroke-width='2' stroke-dasharray='5 3'"),
        _text(_LEFT + 211, 16, "others, or waiting", "start"),
        _text(_LEFT, 34, "letters a day", "start"),
    ]


def _area(scale: _Scale, line: Line) -> str:
    there = _path(scale, line.high)
    back = [f"L{scale.x(day):.1f} {scale.y(count):.1f}" for day, count in reversed(list(enumerate(line.low)))]
    return f"{there} {' '.join(back)} Z"


def _path(scale: _Scale, counts: Sequence[float]) -> str:
    points = (f"{scale.x(day):.1f} {scale.y(count):.1f}" for day, count in enumerate(counts))
    return f"M{' L'.join(points)}"


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, more: str = "") -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}" {more}/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _above(letters: float) -> float:
    """The next power of ten, or half of it."""
    power = 10.0
    while power < letters:
        power *= 10
    return power / 2 if power / 2 >= letters else power


def _short(letters: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if letters >= size:
            return f"{letters / size:g}{letter}"
    return f"{letters:g}"
