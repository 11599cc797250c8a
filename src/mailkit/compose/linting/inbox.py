"""What an inbox shows before a letter is opened: sender, subject and preheader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailkit.compose.linting.limits import SUBJECT_LETTERS
from mailkit.compose.linting.page import Page, Words
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.ways import ways
from mailkit.compose.marks import MARK
from mailkit.compose.textlines import columns
from mailkit.findings import Finding, Place

__all__ = ["check_inbox", "check_subject_length", "is_noreply", "preheader"]

_FALSE_REPLY: Final = re.compile(r"\s*(?:re|fwd?|отв|пересл|ha|aw|wg)\s*:", re.IGNORECASE)
_NOREPLY: Final = re.compile(
    r"(?<![a-z])(?:(?:no|do-?not)[-_.]?reply(?![a-z])|ne-?otvecha)[^@\s]{0,64}@", re.IGNORECASE
)
_FIELD_LETTERS: Final = 8  # what a field is counted as where no record is given
_SHORTEST: Final = 40


def check_inbox(page: Page, subject: str | None, sender: str) -> Iterator[Finding]:
    """Sender, subject and preheader; `subject` has marks, and is None where it is not known."""
    if is_noreply(sender):
        yield finding("noreply", Place(source="sender"), evidence=sender)
    if subject is not None:
        place = Place(source="subject")
        if not subject.strip():
            yield finding("missing-subject", place)
        said = ways(subject, page.marks)
        if any(_FALSE_REPLY.match(one) for one in said):
            yield finding("false-reply", place, evidence=page.spoken(subject)[:40])
        longest = max((MARK.sub("x" * _FIELD_LETTERS, one) for one in said), key=columns)
        yield from check_subject_length(longest, page.spoken(subject), place)
    yield from _preheader(page, subject or "")


def is_noreply(mailbox: str) -> bool:
    """Whether a mailbox says by its name that nobody reads it."""
    return bool(_NOREPLY.search(mailbox))


def check_subject_length(subject: str, shown: str, place: Place) -> Iterator[Finding]:
    """A finished subject."""
    letters = columns(subject)
    if letters > SUBJECT_LETTERS:
        yield finding("long-subject", place, letters, evidence=shown[:120])


def preheader(page: Page) -> Words | None:
    """The hidden text with which the body begins, if it begins with one."""
    for words in page.words:
        one = words.inside
        if one is None or one.name in ("title", "style", "script", "head"):
            continue
        return words if one.is_hidden else None
    return None


def _preheader(page: Page, subject: str) -> Iterator[Finding]:
    found = preheader(page)
    if found is None:
        if page.words:
            yield finding("missing-preheader", Place(source="html"))
        return
    said = " ".join(found.text.split())
    letters = columns(MARK.sub("x" * _FIELD_LETTERS, said))
    if letters < _SHORTEST and not page.has_filler:
        yield finding("short-preheader", found.place, letters, evidence=page.spoken(said)[:80])
    bare, title = (re.sub(r"\W+", " ", MARK.sub("", text)).casefold().strip() for text in (said, subject))
    if title and len(title) > 5 and bare.startswith(title):
        yield finding("repeated-preheader", found.place, evidence=page.spoken(said)[:80])
