"""Findings noted while a long report is read: fifty of each code in full, the rest as a number."""

from __future__ import annotations

from collections import Counter
from typing import Final

import attrs

from mailkit.dns.tags import cut
from mailkit.findings import Finding, Findings, Place, Severity

__all__ = ["Notes", "Refused"]

_MOST: Final = 50


class Refused(Exception):
    """A report, or the rest of it, is not read.

    Attributes:
        word: The last part of the finding's code.
        reason: Why, as the end of a sentence.
    """

    def __init__(self, word: str, reason: str) -> None:
        self.word, self.reason = word, reason
        super().__init__(reason)


@attrs.define
class Notes:
    """What is to be said about a report that is being read.

    Attributes:
        area: The first part of each code, such as "aggregate".
        standard: Whose rules they are.

    >>> notes = Notes("aggregate", "RFC 9990")
    >>> notes.add("unreadable", "error", "is no report", source="a.xml")
    >>> print(notes.findings)
    error: a.xml: is no report
    """

    area: str
    standard: str
    _found: list[Finding] = attrs.field(factory=list, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)
    _more: int = attrs.field(default=0, init=False)

    def add(
        self,
        word: str,
        severity: str,
        message: str,
        source: str = "",
        evidence: str = "",
        *,
        row: int | None = None,
        field: str = "",
        mend: str = "",
    ) -> None:
        """Note one finding; behind the fiftieth of a code they are only counted."""
        self._counts[word] += 1
        if self._counts[word] > _MOST:
            self._more += 1
            return
        place = Place(source=_line(source), row=row, field=field)
        self._found.append(
            Finding(
                code=f"dns.{self.area}-{word}",
                severity=Severity(severity),
                message=_line(message),
                place=place,
                evidence=cut(evidence, longest=120),
                mend=_line(mend),
                source=self.standard,
            )
        )

    @property
    def findings(self) -> Findings:
        """What was noted, in the order of the report."""
        rest = Finding(
            code=f"dns.{self.area}-more",
            severity=Severity.INFO,
            message=f"there are {self._more} more findings like these",
            source=self.standard,
        )
        return Findings([*self._found, rest] if self._more else self._found)


def _line(text: str) -> str:
    """The text as it can be printed on one line, whatever the report says."""
    return "".join(letter if letter.isprintable() else " " for letter in text).replace("=?", "=")
