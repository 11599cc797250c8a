"""What lint is given, as parts with marks; HTML may come without a subject."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING

from mailkit.compose.marks import Marks
from mailkit.errors import TemplateError

if TYPE_CHECKING:
    from mailkit.compose.letter import Letter
    from mailkit.compose.sources import Parts

__all__ = ["NO_SUBJECT", "written"]

NO_SUBJECT = "-"
"""Stands for a subject where there is none to be had."""


def written(source: Letter | str | PathLike[str], marks: Marks, subject: str) -> tuple[Parts, bool]:
    """The parts of what `compile` would take, and whether they have a subject of their own.

    Raises:
        TemplateError: They cannot be read.
    """
    try:
        return _parts(source, marks, subject), True
    except TemplateError as error:
        if error.template != "subject" or subject:
            raise
    return _parts(source, marks, NO_SUBJECT), False


def _parts(source: Letter | str | PathLike[str], marks: Marks, subject: str) -> Parts:
    from mailkit.compose.sources import read_parts

    return read_parts(source, marks, subject=subject, text=None, lang="", templates=None, amp="", calendar="")
