"""The ways in which a text with `{% if %}` in it can come out: what one branch says, the other does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailkit.compose.marks import MARK, Kind, Marks

__all__ = ["ways"]

_MOST: Final = 8


def ways(text: str, marks: Marks) -> tuple[str, ...]:
    """The text without its statements, in so many ways that each branch comes up in one of them.

    An `if` without an `else` may also say nothing; what a loop repeats is said once.
    """
    pieces = list(_pieces(text))
    branches = _branches(pieces, marks)
    count = min(max(branches.values(), default=1), _MOST)
    return tuple(dict.fromkeys(_way(pieces, marks, branches, number) for number in range(count)))


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for found in MARK.finditer(text):
        yield text[start : found.start()]
        yield found.group()
        start = found.end()
    yield text[start:]


def _word(piece: str, marks: Marks) -> str:
    """What a piece does: the first word of a statement, "" for all else."""
    is_statement = len(piece) == 1 and MARK.match(piece) and marks[piece].kind is Kind.STATEMENT
    return marks[piece].word if is_statement else ""


def _branches(pieces: list[str], marks: Marks) -> dict[int, int]:
    """How many ways each `if` has, by its place."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, piece in enumerate(pieces):
        word = _word(piece, marks)
        if word in ("if", "for"):
            opened.append(place)
            found[place] = 2 if word == "if" else 1  # with `else`, or with nothing in its place
        elif word == "elif":
            found[opened[-1]] += 1
        elif word in ("endif", "endfor"):
            opened.pop()
    return found


def _way(pieces: list[str], marks: Marks, branches: dict[int, int], number: int) -> str:
    out: list[str] = []
    opened: list[tuple[int, int]] = []  # the chosen branch of each `if` around, and the one that is read
    for place, piece in enumerate(pieces):
        word = _word(piece, marks)
        if word in ("if", "for"):
            opened.append((number % branches[place], 0))
        elif word in ("elif", "else"):
            opened[-1] = opened[-1][0], opened[-1][1] + 1
        elif word in ("endif", "endfor"):
            opened.pop()
        elif not word and all(chosen == read for chosen, read in opened):
            out.append(piece)
    return "".join(out)
