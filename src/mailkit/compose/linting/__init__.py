"""Lint: what is wrong with a letter, found before anyone gets it.

How to think about it: the letter's HTML is read once, with its Jinja held as marks, and its
style sheets are applied as a client would. Each section of rules then looks at the same page and
says what it finds; `rules.RULES` has all that can be said. Nothing is guessed: what depends on a
record, or on what a client does by itself, is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Final

import attrs

from mailkit.address import Address, Mailbox
from mailkit.compose.linting.clients import shares
from mailkit.compose.linting.fields import check_fields, check_records, unreadable
from mailkit.compose.linting.inbox import check_inbox
from mailkit.compose.linting.linking import check_links_of
from mailkit.compose.linting.looks import check_looks
from mailkit.compose.linting.pictures import check_attachments
from mailkit.compose.linting.reading import read_page
from mailkit.compose.linting.rules import OF_COMPILE, PREFIX, RULES
from mailkit.compose.linting.sources import NO_SUBJECT, written
from mailkit.compose.linting.structure import check_structure
from mailkit.compose.linting.support import check_support
from mailkit.compose.linting.weight import check_styles, check_weight
from mailkit.compose.linting.wording import check_wording
from mailkit.compose.marks import MARK, Marks
from mailkit.errors import AddressError, InvalidValue, TemplateError, did_you_mean
from mailkit.findings import Finding, Findings, Severity

if TYPE_CHECKING:
    from mailkit.compose.letter import Letter
    from mailkit.compose.sources import Parts
    from mailkit.compose.templates import Template

__all__ = ["lint"]

_RANK: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_MOST_SHOWN: Final = 5  # things of one rule that are told one by one
_ALIKE: Final = frozenset(
    PREFIX + code
    for code in (
        "important",
        "small-text",
        "low-button",
        "small-target",
        "unsized-picture",
        "colour-without-text-colour",
    )
)  # of which the places matter, and not what stands there


def lint(
    source: Letter | Template | str | PathLike[str],
    *,
    subject: str = "",
    sender: Mailbox | Address | str = "",
    clients: Mapping[str, float] | None = None,
    fields: Iterable[str] | None = None,
    records: Iterable[object] = (),
    is_transactional: bool = False,
    without: Iterable[str] = (),
) -> Findings:
    """What is to be said about a letter, the worst first; a notebook shows it as a table.

    It looks at what clients can show, at weight, contrast, alternative texts, links, the way
    out, subject and preheader, spam's words, dark mode and merge fields. Of what it cannot
    know, such as a colour that a record brings, it says nothing. A rule that finds the same
    in many places tells of the first few. Addresses are not followed: see `check_links`.

    Args:
        source: A letter, a template, or what `compile` takes: HTML, MJML, or the path of a file of
            these or of a letter as JSON; findings then name the file that it is in, also an included one.
        subject: For HTML: the subject; the `<title>` if empty.
        sender: From whom it will come, as "Books <shop@example.com>" or the address alone.
        clients: What share of the readers uses which client, such as `{"gmail": 0.5,
            "outlook-windows": 0.1}`; what is missing up to 1 is taken for clients that can do
            everything. An assumption if None: see `mailkit.compose.linting.clients`.
        fields: The names of the fields that records have; the letter is compiled then.
        records: Some of the records, the longest among them: each is rendered, and the
            heaviest is held against Gmail's limit. For a whole list see `dry_render`.
        is_transactional: Whether it is an answer to what its reader did, such as a receipt:
            nobody can leave that.
        without: Codes of rules to leave out, with or without `compose.` before them.

    Raises:
        InvalidValue: A client or a code is not known, the sender is no mailbox, or the source is of another kind. A
            letter that cannot be compiled is a finding.

    >>> html = '<p style="color: #999999">Hello!</p><a href="http://shop.example.com/sale">See it</a>'
    >>> for found in lint(html, subject="SALE SALE!!!", is_transactional=True):
    ...     print(found.severity, found.code, found.evidence)
    warning compose.missing-lang
    warning compose.contrast #999999 on #ffffff: Hello!
    warning compose.http-link http://shop.example.com/sale
    warning compose.shouting !!!
    warning compose.shouting SALE SALE!!!
    info compose.missing-doctype
    info compose.missing-title
    info compose.missing-color-scheme
    info compose.missing-preheader
    """
    left_out = _codes(without)
    from_whom = _sender(sender)
    weights = shares(clients)
    known = None if fields is None else _names(fields)
    draft = _draft(source, subject, compiled=known is not None or bool(records))
    found = [*draft.findings]
    if draft.parts is not None:
        found += _look(draft, draft.parts, from_whom, weights, is_transactional)
    if draft.template is not None and draft.parts is not None:
        if known is not None:
            found += check_fields(draft.template, known, draft.parts.subject + draft.parts.html, draft.marks)
        found += check_records(draft.template, records)
    kept = (one for one in found if one.code not in left_out)
    return Findings(sorted(_few(kept), key=lambda one: _RANK[one.severity]))


@attrs.frozen(eq=False, kw_only=True)
class _Draft:
    """What lint was given, read.

    Attributes:
        marks: What its marks stand for.
        parts: Its parts; None if they cannot be read.
        subject: Its subject with marks; None where none was to be had.
        template: The template, where there is one.
        findings: What was found on the way.
    """

    marks: Marks
    parts: Parts | None = None
    subject: str | None = None
    template: Template | None = None
    findings: tuple[Finding, ...] = ()


def _draft(source: Letter | Template | str | PathLike[str], subject: str, *, compiled: bool) -> _Draft:
    from mailkit.compose.compiling import compile as compiled_from
    from mailkit.compose.letter import Letter
    from mailkit.compose.templates import Template

    if isinstance(source, Template):
        if subject:
            raise InvalidValue("lint, subject", subject, "is given beside a template", "compile it with that subject")
        parts, marks = source.written
        return _Draft(marks=marks, parts=parts, subject=parts.subject, template=source, findings=source.findings)
    if not isinstance(source, Letter | str | PathLike):
        raise InvalidValue("lint", source, "is neither a Letter nor a Template, nor HTML, nor a Path")
    marks = Marks(has_lines=True)
    try:
        parts, has_subject = written(source, marks, subject)
        template = None
        if compiled:
            template = compiled_from(source, subject=subject if has_subject else NO_SUBJECT)
    except TemplateError as error:
        return _Draft(marks=marks, findings=(unreadable(error),))
    return _Draft(
        marks=marks,
        parts=parts,
        subject=parts.subject if has_subject else None,
        template=template,
        findings=template.findings if template else (),
    )


def _look(
    draft: _Draft, parts: Parts, sender: str, weights: Mapping[str, float], is_transactional: bool
) -> Iterator[Finding]:
    page = read_page(parts.html, draft.marks)
    yield from check_weight(len(MARK.sub("", parts.html).encode("utf-8", "replace")), whose="alone", is_worst=False)
    yield from check_styles(page)
    yield from check_support(page, weights)
    yield from check_structure(page)
    yield from check_looks(page)
    yield from check_links_of(page, is_transactional=is_transactional)
    yield from check_inbox(page, draft.subject, sender)
    yield from check_wording(page, draft.subject)
    yield from check_attachments(page, parts)


def _few(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Each thing once, and of one rule the first few places; the last of them says how many more there are."""
    groups: dict[str, dict[tuple[str, str], list[Finding]]] = {}
    for one in findings:
        sample = "" if one.code in _ALIKE else one.evidence.partition(": ")[0]
        groups.setdefault(one.code, {}).setdefault((one.message, sample), []).append(one)
    for group in groups.values():
        told = list(group.values())
        for alike in told[:_MOST_SHOWN]:
            yield attrs.evolve(alike[0], message=f"{alike[0].message}{_elsewhere(alike)}")
        if len(told) > _MOST_SHOWN:
            count = sum(len(alike) for alike in told[_MOST_SHOWN:]) - 1
            first = told[_MOST_SHOWN][0]
            yield attrs.evolve(first, message=f"{first.message} (and {count} more like this)") if count else first


def _elsewhere(alike: list[Finding]) -> str:
    """Where else the same was found."""
    first, *others = [one.place.field or (f"line {one.place.line}" if one.place.line else "") for one in alike]
    places = [place for place in dict.fromkeys(others) if place and place != first]
    if not others or not places:
        return f" ({len(alike)} times)" if others else ""
    rest = f" and {len(places) - _MOST_SHOWN} more places" if len(places) > _MOST_SHOWN else ""
    return f" (also in {', '.join(places[:_MOST_SHOWN])}{rest})"


def _codes(without: Iterable[str]) -> frozenset[str]:
    if isinstance(without, str) or not isinstance(without, Iterable):
        raise InvalidValue("lint, without", without, "is not a row of codes", "put it into [ ]")
    codes = frozenset(code if code.startswith(PREFIX) else PREFIX + code for code in without)
    for code in codes - _KNOWN:
        bare = [known.removeprefix(PREFIX) for known in sorted(_KNOWN)]
        mend = did_you_mean(code.removeprefix(PREFIX), bare).lstrip("; ").replace("mean '", f"mean '{PREFIX}")
        raise InvalidValue("lint, without", code, "is not a rule", mend or "see RULES in mailkit.compose.linting.rules")
    return codes


_KNOWN: Final = frozenset(RULES) | OF_COMPILE


def _sender(sender: Mailbox | Address | str) -> str:
    try:
        mailbox = Mailbox.parse(sender) if isinstance(sender, str) and sender else sender
    except AddressError as error:
        raise InvalidValue("lint, sender", sender, "is not a mailbox", "write 'Books <shop@example.com>'") from error
    if not isinstance(mailbox, Mailbox | Address | str):
        raise InvalidValue("lint, sender", sender, "is not a mailbox", "write 'Books <shop@example.com>'")
    return str(mailbox.address) if isinstance(mailbox, Mailbox) else str(mailbox)


def _names(fields: Iterable[str]) -> frozenset[str]:
    names = [] if isinstance(fields, str) or not isinstance(fields, Iterable) else list(fields)
    if not isinstance(fields, Iterable) or isinstance(fields, str) or not all(isinstance(name, str) for name in names):
        raise InvalidValue("lint, fields", fields, "is not a row of names", "write ['name', 'city']")
    return frozenset(names)
