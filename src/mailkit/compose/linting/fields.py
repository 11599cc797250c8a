"""Merge fields: those that records do not have, those that nobody uses, and records that cannot be rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from mailkit.compose.linting.inbox import check_subject_length
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.weight import check_weight
from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.errors import InvalidValue, MailkitError, TemplateError, did_you_mean
from mailkit.findings import Finding, Place

if TYPE_CHECKING:
    from mailkit.compose.templates import Template

__all__ = ["check_fields", "check_records", "unreadable"]

_OURS = frozenset({"unsubscribe_url"})


def unreadable(error: TemplateError) -> Finding:
    """What is to be said of a letter that cannot be compiled."""
    place = Place(source=error.template or "html", line=error.line)
    return finding("unreadable", place, error.reason, evidence=error.excerpt.strip()[:120])


def check_fields(template: Template, known: frozenset[str], html: str, marks: Marks) -> Iterator[Finding]:
    """The fields that the letter uses against those that records have."""
    for name in sorted(template.fields - template.optional - known - _OURS):
        yield finding("unknown-field", _first_use(name, html, marks), did_you_mean(name, sorted(known)), evidence=name)
    for name in sorted(known - template.fields):
        yield finding("unused-field", Place(source="fields"), evidence=name)


def _first_use(name: str, html: str, marks: Marks) -> Place:
    block = ""
    for mark in MARK.findall(html):  # a text part of its own is not among it
        token = marks[mark]
        if token.kind is Kind.BLOCK:
            block = token.body
        elif name in "".join(sign if sign.isalnum() or sign == "_" else " " for sign in token.body).split():
            return Place(source=token.spot.part.partition(",")[0], line=token.spot.line, field=block)
    return Place(source="text")


def check_records(template: Template, records: Iterable[object]) -> Iterator[Finding]:
    """The letter as some readers would get it; tells of the heaviest and of the longest subject."""
    if isinstance(records, Mapping | str | bytes) or not isinstance(records, Iterable):
        raise InvalidValue("lint, records", records, "is not a row of records", "put one record into [ ]")
    heaviest = longest = -1
    html_of = subject_of = 0
    subject = ""
    for row, record in enumerate(records, 1):
        place = Place(source="records", row=row)
        try:
            message = template.render(record)
        except MailkitError as error:
            yield finding("bad-record", place, str(error).splitlines()[0])
            continue
        size = len(message.html.encode("utf-8", "replace"))
        if size > heaviest:
            heaviest, html_of = size, row
        if len(message.subject) > longest:
            longest, subject_of, subject = len(message.subject), row, message.subject
        if not message.subject.strip():
            yield finding("empty-subject", place)
    if heaviest >= 0:
        place = Place(source="records", row=html_of)
        yield from check_weight(heaviest, whose=f"of record {html_of}", place=place, is_worst=True)
        yield from check_subject_length(subject, subject, Place(source="records", row=subject_of))
