"""How checks word their findings: one shape for all of them, whatever stood in the DNS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from mailkit.dns.tags import Span, cut, plain
from mailkit.findings import Finding, Place, Severity

__all__ = ["Saying"]

T = TypeVar("T")


@attrs.frozen
class Saying(Generic[T]):
    """How one check words its findings. Texts from outside are cut, and names of places made printable.

    Attributes:
        area: What codes begin with, behind `dns.`.
        place: The place of what a finding is about.
        standard: Whose rules they are. A source that begins with a digit is a section of it.

    >>> say = Saying[str]("dmarc", lambda domain: f"DMARC of {domain}", "RFC 9989")
    >>> finding = say("several", Severity.ERROR, "there are two records", "example.com", source="4.10")
    >>> finding.code, str(finding.place), finding.source
    ('dns.dmarc-several', 'DMARC of example.com', 'RFC 9989, 4.10')
    """

    area: str
    place: Callable[[T], str]
    standard: str = ""

    def __call__(
        self,
        word: str,
        severity: Severity,
        message: str,
        about: T,
        evidence: str = "",
        mend: str = "",
        source: str = "",
        span: Span | None = None,
        *,
        line: int | None = None,
    ) -> Finding:
        """A finding; `span` and `line` say where in the text it is."""
        where = plain(self.place(about), longest=300)
        return Finding(
            code=f"dns.{self.area}-{word}",
            severity=severity,
            message=cut(message, longest=500),
            place=Place(source=where, line=line, column=span[0] + 1 if span else None),
            evidence=cut(evidence),
            mend=mend,
            source=f"{self.standard}, {source}" if source[:1].isdigit() else source or self.standard,
        )
