"""MTA-STS (RFC 8461): the record at `_mta-sts`, and the policy that it announces, as values.

Section numbers in this module are of RFC 8461.

>>> policy = StsPolicy.parse("version: STSv1\\nmode: enforce\\nmx: *.example.com\\nmax_age: 604800\\n")
>>> policy.covers("mx1.example.com"), policy.covers("a.mx.example.com"), policy.covers("example.com")
(True, False, False)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

import attrs

from mailkit.dns.lookup import name_fault
from mailkit.dns.tags import Broken, Fault, cut, texts, word
from mailkit.errors import InvalidValue

__all__ = ["LONGEST_AGE", "Mode", "StsPolicy", "StsRecord", "is_sts"]

LONGEST_AGE: Final = timedelta(seconds=31557600)
"""The longest time for which a policy may be kept: a year (3.2)."""

_VERSION: Final = re.compile(r"v=STSv1[ \t]*(?:;|\Z)")
_ID: Final = re.compile(r"[A-Za-z0-9]{1,32}\Z")
_FIELD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([!-:<>-~]+)\Z")
_LINE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)\Z")
_HOST: Final = re.compile(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")
_AGE: Final = re.compile(r"[0-9]{1,10}\Z")
_BLANKS: Final = " \t"


def is_sts(text: str) -> bool:
    """Whether a TXT record is one of MTA-STS at all; others at its name are ignored (3.1).

    >>> is_sts("v=STSv1; id=1"), is_sts("v=stsv1; id=1"), is_sts("v=spf1 -all")
    (True, False, False)
    """
    return bool(_VERSION.match(text))


def _check_id(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, str) or (value and not _ID.match(value)):
        mend = "write the time of the last change, such as '20261128T120000'"
        raise InvalidValue("StsRecord.id", value, "is not 1 to 32 letters and digits", mend)


@attrs.frozen(kw_only=True)
class StsRecord:
    """The TXT record at `_mta-sts`, which says that there is a policy, and when it has changed (3.1).

    Attributes:
        id: What changes with each policy: 1 to 32 letters and digits; empty if it is missing or cannot be read.
        broken: What could not be read. Two fields of one name are no fault of the syntax: the first counts.

    >>> str(StsRecord.parse("v=STSv1;id=20261128;"))
    'v=STSv1; id=20261128'
    """

    id: str = attrs.field(default="", validator=_check_id)
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str) -> StsRecord:
        """Read a record; what cannot be read is kept in `broken`.

        Raises:
            InvalidValue: The text does not begin with v=STSv1.
        """
        if not isinstance(text, str) or not is_sts(text):
            raise InvalidValue("MTA-STS record", text, "does not begin with v=STSv1", "see is_sts")
        names: dict[str, str] = {}
        broken: list[Broken] = []
        start = text.find(";") + 1 or len(text)
        for part in text[start:].split(";"):
            stripped = part.strip(_BLANKS)
            matched, span = _FIELD.match(stripped), (start, start + len(part))
            start += len(part) + 1
            if matched and matched[1] in names:
                reason = f"is a second {matched[1]}=; the first one counts (RFC 8461, 3.2)"
                broken.append(Broken(text=stripped, reason=reason, span=span, fault=Fault.REPEATED))
            elif matched and (matched[1] != "id" or _ID.match(matched[2])):
                names[matched[1]] = matched[2]
            elif stripped or start <= len(text):
                reason = "is not 1 to 32 letters and digits" if matched else "is not of the form name=value"
                reason = reason if stripped else "has nothing between its semicolons"
                broken.append(Broken(text=stripped or ";;", reason=reason, span=span))
        return cls(id=names.get("id", ""), broken=tuple(broken))

    @property
    def is_valid(self) -> bool:
        """Whether senders look at the policy at all (3.1)."""
        return bool(self.id) and all(part.fault is Fault.REPEATED for part in self.broken)

    def __str__(self) -> str:
        return f"v=STSv1; id={self.id}"


class Mode(StrEnum):
    """What senders make of a server that the policy does not allow (3.2)."""

    ENFORCE = "enforce"
    """They do not deliver to it."""
    TESTING = "testing"
    """They deliver, and report it."""
    NONE = "none"
    """They behave as if there were no policy."""


def _mode(value: Any) -> Mode | None:
    return None if value is None else word(Mode, value, "MTA-STS mode")


def _patterns(value: Iterable[str]) -> tuple[str, ...]:
    return tuple(pattern.lower() for pattern in texts(value))


def _check_patterns(instance: object, attribute: object, value: tuple[str, ...]) -> None:
    for pattern in value:
        if not _is_pattern(pattern):
            mend = "write 'mx.example.com' or '*.example.com'"
            raise InvalidValue("StsPolicy.mx", pattern, "is not the name of a host, nor one behind *.", mend)


def _is_pattern(text: str) -> bool:
    return bool(_HOST.match(text)) and not name_fault(text)


def _check_age(instance: object, attribute: object, value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, timedelta) or not timedelta() <= value <= LONGEST_AGE or value.microseconds:
        raise InvalidValue("StsPolicy.max_age", value, "is not a time in seconds, a year at the most")


@attrs.frozen(kw_only=True)
class StsPolicy:
    """A policy. `str` gives the file as it should be published at /.well-known/mta-sts.txt.

    Attributes:
        mode: What senders make of a server that it does not allow; None if it is not said or cannot be read.
        mx: The hosts that it allows; `*.` stands for one label.
        max_age: For how long it may be kept; None if it is not said or cannot be read.
        has_version: Whether it says version: STSv1.
        broken: What could not be read, or only by taking it for what it must mean.

    >>> print(StsPolicy(mode="testing", mx=["mx.example.com"], max_age=timedelta(days=7)), end="")
    version: STSv1
    mode: testing
    mx: mx.example.com
    max_age: 604800
    """

    mode: Mode | None = attrs.field(default=None, converter=_mode)
    mx: tuple[str, ...] = attrs.field(default=(), converter=_patterns, validator=_check_patterns)
    max_age: timedelta | None = attrs.field(default=None, validator=_check_age)
    has_version: bool = True
    broken: tuple[Broken, ...] = attrs.field(default=(), eq=False)

    @classmethod
    def parse(cls, text: str | bytes) -> StsPolicy:
        """Read the content of a policy file; never fails. Of two lines with one name the first counts, but for mx.

        Names that are not known are ignored (3.2), and so are blank lines.
        """
        content = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        fields: dict[str, Any] = {}
        patterns: list[str] = []
        broken: list[Broken] = []
        for matched, part in _lines(content):
            if matched is None:
                broken.append(attrs.evolve(part, reason="is not of the form name: value", fault=Fault.FORM))
                continue
            name, value = matched[1], matched[2].strip(_BLANKS)
            if name in fields:
                reason = f"is a second {name}; the first one counts (RFC 8461, 3.2)"
                broken.append(attrs.evolve(part, reason=reason, fault=Fault.REPEATED))
            elif name == "mx":
                patterns += [value.removesuffix(".")] if _is_pattern(value.removesuffix(".")) else []
                broken += _wrong_pattern(part, value)
            else:
                fields[name], reason = _read(name, value)
                is_taken = name == "max_age" and fields[name] is not None
                broken += [attrs.evolve(part, reason=reason, fault=Fault.TAKEN if is_taken else Fault.VALUE)] * bool(
                    reason
                )
        return cls(
            mode=fields.get("mode"),
            mx=patterns,
            max_age=fields.get("max_age"),
            has_version=fields.get("version") == "STSv1",
            broken=tuple(broken),
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """Why senders ignore the policy; empty if they do not (3.2)."""
        lines = [part for part in self.broken if part.fault not in (Fault.REPEATED, Fault.TAKEN)]
        return tuple(
            reason
            for is_so, reason in (
                (not self.has_version, "it does not say version: STSv1"),
                (self.mode is None, "it has no mode"),
                (self.max_age is None, "it has no max_age"),
                (not self.mx and self.mode is not Mode.NONE, "it names no mx"),
                (
                    bool(lines),
                    f"it has lines that cannot be read, such as {cut(lines[0].text, longest=40)!r}" if lines else "",
                ),
            )
            if is_so
        )

    def covers(self, host: str) -> bool:
        """Whether the policy allows a host; `*.` stands for one label (4.1)."""
        name = host.removesuffix(".").lower()
        return name in self.mx or f"*.{name.partition('.')[2]}" in self.mx

    def __str__(self) -> str:
        lines = ["version: STSv1"] if self.has_version else []
        lines += [f"mode: {self.mode}"] if self.mode else []
        lines += [f"mx: {pattern}" for pattern in self.mx]
        lines += [f"max_age: {int(self.max_age.total_seconds())}"] if self.max_age is not None else []
        return "".join(f"{line}\n" for line in lines)


def _lines(content: str) -> Iterator[tuple[re.Match[str] | None, Broken]]:
    """The lines that are not blank, and each as the broken part that it would be."""
    start = 0
    for line in content.split("\n"):
        text = line.removesuffix("\r")
        if text.strip(_BLANKS):
            yield _LINE.match(text), Broken(text=text, reason="", span=(start, start + len(text)))
        start += len(line) + 1


def _wrong_pattern(part: Broken, value: str) -> list[Broken]:
    if not _is_pattern(value.removesuffix(".")):
        return [attrs.evolve(part, reason="is not the name of a host, nor one behind *.")]
    reason = "ends in a dot, without which it is taken"
    return [attrs.evolve(part, reason=reason, fault=Fault.TAKEN)] if value.endswith(".") else []


def _read(name: str, value: str) -> tuple[Any, str]:
    """What a line other than mx says, and why it cannot be read; a name that is not known says its text."""
    if name == "mode":
        return (value, "") if value in tuple(Mode) else (None, f"is none of {', '.join(Mode)}")
    if name == "max_age":
        if not _AGE.match(value):
            return None, "is not a number of seconds"
        if int(value) > LONGEST_AGE.total_seconds():
            return LONGEST_AGE, f"is more than a year, {int(LONGEST_AGE.total_seconds())} seconds, which is taken"
        return timedelta(seconds=int(value)), ""
    if name == "version" and value != "STSv1":
        return value, "is not STSv1"
    return value, ""
