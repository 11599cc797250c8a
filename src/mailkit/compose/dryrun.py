"""A whole list tried before it is sent: every record is rendered, and nothing is sent.

How to think about it: a letter that is right for a hundred readers is wrong for the one without
a name. Each record is rendered and looked at alone; what is kept is counts and the first few
examples, so that a list of a million needs no more memory than one of ten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Final, Literal
from unicodedata import name as name_of

import attrs

from mailkit.compose import records as fields_of
from mailkit.compose.linting.limits import CLIP_BYTES, SUBJECT_LETTERS
from mailkit.compose.linting.rules import finding
from mailkit.compose.textlines import columns
from mailkit.errors import InvalidValue, MailkitError, UnknownField, shorten
from mailkit.findings import Finding, Place, findings_html
from mailkit.progress import Progress, watch

if TYPE_CHECKING:
    from mailkit.compose.templates import Template

__all__ = ["DryRun", "Extreme", "dry_render"]

_MEANINGLESS: Final = frozenset(
    {"none", "null", "nil", "nan", "n/a", "na", "undefined", "unknown", "-", "--", "#n/a", "(null)", "(none)", "<na>"}
    | {"nat", "нет данных", "не указано", "н/д", "test", "тест", "xxx", "first name", "имя"}
)
_NOTHINGS: Final = frozenset({"NAType", "NaTType"})
"""Types by which pandas says that nothing is there."""
# UTF-8 read as Latin-1 or Windows-1252 (Ã©, ÐŸ), as Windows-1251 (РџСЂ), or lost (U+FFFD): letters
# that begin a character of two bytes, each followed by what its second byte was read as.
_SECOND: Final = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї"
_GARBLED: Final = re.compile(f"\ufffd|[ÃÐÑ][{_SECOND}]|Â[\xa0-\xbf]|(?:[РС][{_SECOND}]){{2}}")

_GAP: Final = re.compile(r"(?:^|[^\W\d_])\s+[,!](?=\s|$)|\(\s*\)|[,:]\s*[.!](?=\s|$)|(?:^|\s),\s", re.MULTILINE)
_LONGEST_LOOKED_AT: Final = 200
# Without the joiners and the marks of direction that some scripts need
_UNSEEN: Final = re.compile("[\0-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u202a-\u202e\u2060-\u2069\ufeff]")
_SHAPELESS: Final = re.compile("[\xad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_MARKUP: Final = re.compile(
    r"&(?:nbsp|amp|quot|lt|gt|[lr]aquo|#x?[0-9a-f]{2,6});|</?[a-z][a-z0-9]{0,9}(?:\s[^<>]{0,99})?/?>", re.I
)
_NO_RECORDS: Final = (str, bytes, int, float, list, set, frozenset, type(None))
_KEYS: Final = ("id", "email")


@attrs.frozen(kw_only=True)
class Extreme:
    """The largest or smallest of something in a list.

    Attributes:
        size: How large: bytes of HTML, or letters of a subject.
        record: Which record, from 1.
        text: The subject; empty for HTML.

    >>> Extreme(size=18, record=3, text="Anna, come back").record
    3
    """

    size: int
    record: int
    text: str = ""


@attrs.frozen(kw_only=True)
class DryRun:
    """What came of trying a list. It shows itself in a notebook.

    Attributes:
        records: How many records were tried.
        failed: How many of them cannot be rendered.
        counts: How many records each rule speaks of, by the rule's code.
        findings: The first findings of each rule; `place.source` is the record, such as "record 2" or,
            where it has an `id` or else an `email`, "record 2 (anna@example.org)".
        heaviest: The most HTML; None if nothing could be rendered.
        longest_subject: The longest subject.
        shortest_subject: The shortest.

    >>> DryRun(records=2, failed=0).is_clean
    True
    """

    records: int
    failed: int
    counts: Mapping[str, int] = attrs.field(factory=dict)
    findings: tuple[Finding, ...] = ()
    heaviest: Extreme | None = None
    longest_subject: Extreme | None = None
    shortest_subject: Extreme | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is to be said of any record."""
        return not self.counts

    def __str__(self) -> str:
        lines = [f"{self.records:,} records, {self.failed:,} cannot be rendered"]
        lines += [f"{code}: {count:,} records" for code, count in self.counts.items()]
        if self.heaviest is not None:
            lines.append(f"most HTML: {self.heaviest.size / 1024:.0f} KB, record {self.heaviest.record}")
        for what, one in (("longest", self.longest_subject), ("shortest", self.shortest_subject)):
            if one is not None:
                lines.append(f"{what} subject: {one.text!r}, record {one.record}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        looks = "font:14px sans-serif;white-space:pre-wrap;overflow-wrap:anywhere"
        return f'<pre style="{looks}">{escape(str(self))}</pre>{findings_html(self.findings)}'


def dry_render(
    template: Template,
    records: Iterable[object],
    *,
    examples: int = 5,
    progress: Progress | Literal[False] | None = None,
) -> DryRun:
    """Try a letter on every record of a list; nothing is sent, and no record stops the others.

    Told are records that cannot be rendered, with the field that they lack; printed fields that
    are empty, hold a word such as "null" or were read in the wrong encoding; sentences with a gap,
    such as "Hello , ..."; subjects that are empty or long; HTML that Gmail would cut off.

    Args:
        template: The letter.
        records: The list; it is read once, one record at a time.
        examples: How many findings of each rule are kept.
        progress: Who is told how far it is, where the list has a length; see `mailkit.progress`.

    Raises:
        InvalidValue: `template` is none, `examples` is not a whole number from 1 up, or `records`
            are no row of records.

    >>> from mailkit.compose import compile
    >>> template = compile("<p>Hello {{ name }}, see {{ city }}!</p>", subject="Hello, {{ name }}")
    >>> people = [{"name": "Anna", "city": "Kazan"}, {"name": "", "city": "Perm"}, {"name": "Ivan"}]
    >>> tried = dry_render(template, people)
    >>> for found in tried.findings:
    ...     print(found.code, found.place)
    compose.empty-value record 2, field 'name'
    compose.gap record 2, field 'text'
    compose.lacks-field record 3, field 'city'
    >>> tried.failed, tried.longest_subject.text
    (1, 'Hello, Anna')
    """
    from mailkit.compose.templates import Template

    if not isinstance(template, Template):
        raise InvalidValue("dry_render, template", template, "is not a Template", "compile the letter first")
    if isinstance(examples, bool) or not isinstance(examples, int) or examples < 1:
        raise InvalidValue("dry_render, examples", examples, "is not a whole number from 1 up")
    if isinstance(records, Mapping | str | bytes) or not isinstance(records, Iterable):
        raise InvalidValue("dry_render, records", records, "is not a row of records", "put one record into [ ]")
    trial = _Trial(template, examples)
    total = len(records) if isinstance(records, Sized) else 0
    with watch(total, "trying records", progress if total else False) as done:
        for row, record in enumerate(records, 1):
            trial.look_at(row, record)
            if row % 100 == 0 or row == total:
                done(row)
    return trial.result()


class _Trial:
    def __init__(self, template: Template, examples: int) -> None:
        self._template, self._examples = template, examples
        self._fields = sorted(template.fields - {"unsubscribe_url"})
        self._kept: dict[str, list[Finding]] = {}
        self._counts: dict[str, int] = {}
        self._records = self._failed = 0
        self._heaviest: Extreme | None = None
        self._longest: Extreme | None = None
        self._shortest: Extreme | None = None

    def look_at(self, row: int, record: object) -> None:
        """Try one record."""
        self._records = row
        told = set()
        for found in self._findings(row, record):
            if found.code not in told:
                told.add(found.code)
                self._counts[found.code] = self._counts.get(found.code, 0) + 1
            kept = self._kept.setdefault(found.code, [])
            if len(kept) < self._examples:
                kept.append(found)

    def result(self) -> DryRun:
        """What came of it."""
        return DryRun(
            records=self._records,
            failed=self._failed,
            counts=dict(sorted(self._counts.items(), key=lambda item: -item[1])),
            findings=tuple(one for kept in self._kept.values() for one in kept),
            heaviest=self._heaviest,
            longest_subject=self._longest,
            shortest_subject=self._shortest,
        )

    def _findings(self, row: int, record: object) -> Iterator[Finding]:
        place = Place(source=f"record {row}{_key(record)}")
        if isinstance(record, _NO_RECORDS) or (isinstance(record, tuple) and not hasattr(record, "_fields")):
            self._failed += 1
            yield finding(
                "bad-record", place, "it is neither a mapping nor an object with fields", evidence=shorten(record)
            )
            return
        try:
            values = fields_of.values(record, self._fields)
            message = self._template.render(record)
        except UnknownField as error:
            self._failed += 1
            yield finding("lacks-field", attrs.evolve(place, field=error.field), error.field)
            return
        except MailkitError as error:
            self._failed += 1
            yield finding("bad-record", place, str(error).splitlines()[0])
            return
        yield from _values(values, place)
        yield from self._subject(row, message.subject, attrs.evolve(place, field="subject"))
        size = len(message.html.encode("utf-8", "replace"))
        if self._heaviest is None or size > self._heaviest.size:
            self._heaviest = Extreme(size=size, record=row)
        if size > CLIP_BYTES:
            yield finding("clipped", place, f"the HTML has {size / 1024:.0f} KB")
        for part, text in (("subject", message.subject), ("text", message.text)):
            if any(_is_empty(value) for value in values.values()) and (gap := _GAP.search(text)):
                around = text[max(0, gap.start() - 20) : gap.end() + 30].strip()
                yield finding("gap", attrs.evolve(place, field=part), evidence=" ".join(around.split()))

    def _subject(self, row: int, subject: str, place: Place) -> Iterator[Finding]:
        size = columns(subject)
        if self._longest is None or size > self._longest.size:
            self._longest = Extreme(size=size, record=row, text=subject)
        if self._shortest is None or size < self._shortest.size:
            self._shortest = Extreme(size=size, record=row, text=subject)
        if not subject.strip():
            yield finding("empty-subject", place)
        elif size > SUBJECT_LETTERS:
            yield finding("long-subject", place, size, evidence=subject[:120])


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not _SHAPELESS.sub("", value).strip())


def _key(record: object) -> str:
    """By which an application knows a record, for its place."""
    try:
        known = fields_of.values(record, _KEYS)
    except MailkitError:
        return ""
    said = next((known[name] for name in _KEYS if isinstance(known.get(name), str | int) and known[name] != ""), "")
    shown = " ".join(str(said)[:60].split())
    return f" ({shown})" if shown.isprintable() and shown else ""


def _values(values: Mapping[str, object], place: Place) -> Iterator[Finding]:
    for name, value in values.items():
        where = attrs.evolve(place, field=name)
        if _is_empty(value):
            yield finding("empty-value", where)
        if (isinstance(value, float) and isnan(value)) or type(value).__name__ in _NOTHINGS:
            yield finding("not-a-value", where, evidence=str(value))
        if not isinstance(value, str):
            continue
        text = value[:_LONGEST_LOOKED_AT]
        if text.strip().casefold() in _MEANINGLESS:
            yield finding("not-a-value", where, evidence=text)
        elif _GARBLED.search(text):
            yield finding("garbled-value", where, evidence=text[:60])
        if "{{" in text or "{%" in text:
            yield finding("braces-in-value", where, evidence=text[:60])
        yield from _text(value, text, where)


def _text(value: str, text: str, where: Place) -> Iterator[Finding]:
    """What came in with a text when it was imported, and was not meant."""
    if found := _UNSEEN.search(text):
        sign = f"U+{ord(found.group()):04X}"
        yield finding(
            "unseen-value",
            where,
            f"{name_of(found.group(), 'a control character').lower()} ({sign})",
            evidence=text[:60],
        )
    elif value != value.strip() and value.strip():
        yield finding("blank-around", where, evidence=text[:60])
    if _MARKUP.search(text) and not hasattr(value, "__html__"):
        yield finding("markup-value", where, evidence=text[:60])
