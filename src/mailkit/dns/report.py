"""What a check of a domain found: readable by people, in a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from types import MappingProxyType
from typing import Final

import attrs

from mailkit.address import Domain
from mailkit.dns.dkim.key import Found
from mailkit.dns.dkim.key import Record as DkimRecord
from mailkit.dns.dmarc.record import Policy
from mailkit.dns.dmarc.record import Record as DmarcRecord
from mailkit.dns.dmarc.walk import Discovery
from mailkit.dns.records import TextRecord
from mailkit.dns.spf.record import Record as SpfRecord
from mailkit.dns.spf.tree import Branch
from mailkit.dns.tags import cut
from mailkit.findings import Finding, Severity, findings_html

__all__ = ["DEDUCTIONS", "DomainReport"]

SHARES: Final[Mapping[str, int]] = MappingProxyType({"spf": 35, "dkim": 35, "dmarc": 30})
"""The points that each area can lose. Together a hundred."""

DEDUCTIONS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # The share of an area is lost where it does not work, and also where nobody answered: points are
        # given for what was seen. What was not seen is told by `is_complete`, never as absent.
        "dns.spf-absent": 35,
        "dns.spf-unanswered": 35,
        "dns.spf-several": 35,
        "dns.spf-syntax": 35,
        "dns.spf-loop": 35,
        "dns.spf-lookups": 35,
        "dns.spf-include-missing": 35,
        "dns.spf-plus-all": 35,
        "dns.spf-not-listed": 35,
        "dns.spf-bad-name": 20,
        "dns.spf-mx-limit": 20,
        "dns.spf-void-limit": 20,
        "dns.spf-include-unanswered": 10,
        "dns.spf-no-all": 10,
        "dns.spf-neutral-all": 10,
        "dns.spf-ptr": 5,
        "dns.spf-void": 5,
        "dns.dkim-unknown": 35,
        "dns.dkim-absent": 35,
        "dns.dkim-unanswered": 35,
        "dns.dkim-several": 35,
        "dns.dkim-not-a-key": 35,
        "dns.dkim-syntax": 20,
        "dns.dkim-revoked": 35,
        "dns.dkim-algorithm": 35,
        "dns.dkim-hash": 35,
        "dns.dkim-service": 35,
        "dns.dkim-weak": 35,
        "dns.dkim-short": 10,
        "dns.dkim-testing": 10,
        "dns.dmarc-absent": 30,
        "dns.dmarc-unanswered": 30,
        "dns.dmarc-several": 30,
        "dns.dmarc-not-a-record": 5,
        "dns.dmarc-no-policy": 20,
        "dns.dmarc-none": 5,
        "dns.dmarc-no-rua": 5,
        "dns.dmarc-syntax": 5,
        "dns.dmarc-testing": 3,
    }
)
"""Finding to points lost. Each counts once, however often it was found; what is not listed costs nothing."""

_UNSEEN: Final = ("unanswered", "dkim-unknown")
_HUES: Final = ((90, "#1a7f37"), (60, "#8a5a00"), (0, "#b3261e"))


@attrs.frozen(kw_only=True)
class DomainReport:
    """Whether a domain is ready to send, why not, and what to paste where.

    Attributes:
        domain: The domain.
        spf_tree: The SPF record with all that it refers to.
        keys: What is published for each DKIM selector.
        dmarc_walk: Where a DMARC record was looked for, and which one applies.
        findings: What is to be said, worst first.
        records: The records to publish, ready to paste.

    >>> from mailkit import dns
    >>> report = dns.check_sync("example.com", resolver={("example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"]})
    >>> report.is_ready, report.score, str(report.spf.all)
    (False, 35, '-all')
    >>> print(report.records[0])
    _dmarc.example.com. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
    """

    domain: Domain
    spf_tree: Branch = attrs.field(repr=False)
    keys: tuple[Found, ...] = attrs.field(repr=False)
    dmarc_walk: Discovery = attrs.field(repr=False)
    findings: tuple[Finding, ...]
    records: tuple[TextRecord, ...] = ()

    @property
    def spf(self) -> SpfRecord | None:
        """The domain's SPF record; None if there is none, or not one alone."""
        return self.spf_tree.record

    @property
    def dkim(self) -> Mapping[str, DkimRecord | None]:
        """Selector to its key record, None where there is none, or not one alone."""
        return {key.selector: key.record for key in self.keys}

    @property
    def dmarc(self) -> DmarcRecord | None:
        """The DMARC record that applies, the domain's own or a parent's; None if none does."""
        return self.dmarc_walk.applied.record if self.dmarc_walk.applied else None

    @property
    def policy(self) -> Policy | None:
        """What that asks for, for failing mail of this domain; None if DMARC does not apply."""
        return self.dmarc_walk.policy

    @property
    def is_complete(self) -> bool:
        """Whether everything that matters was asked for and answered; if not, ask again."""
        return not any(finding.code.endswith(_UNSEEN) for finding in self.findings)

    @property
    def is_ready(self) -> bool:
        """Whether SPF, DKIM and DMARC are in place, with no error, and all of them were seen."""
        return self.is_complete and not any(finding.severity is Severity.ERROR for finding in self.findings)

    @property
    def deductions(self) -> tuple[tuple[str, int], ...]:
        """The points lost, by finding; an area never loses more than its share."""
        left, lost = dict(SHARES), []
        for code in dict.fromkeys(finding.code for finding in self.findings):
            area = code.removeprefix("dns.").partition("-")[0]
            points = min(DEDUCTIONS.get(code, 0), left.get(area, 0))
            if points:
                left[area] -= points
                lost.append((code, points))
        return tuple(lost)

    @property
    def score(self) -> int:
        """From 0 to 100: a hundred without `deductions`."""
        return 100 - sum(points for _, points in self.deductions)

    @property
    def verdict(self) -> str:
        """The report in a few words."""
        if self.is_ready:
            return "ready to send"
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            return "not ready to send"
        return "not known to be ready, since not everything was seen"

    def __str__(self) -> str:
        lines = [f"{self.domain}: {self.verdict}, {self.score} of 100 points"]
        lines += [f"  {name}: {text}" for name, text in self._published()]
        lines += [f"- {finding}" for finding in self.findings]
        if self.records:
            lines += ["To publish:", *(f"  {record}" for record in self.records)]
        return "\n".join(lines)

    def _published(self) -> list[tuple[str, str]]:
        """What is there, by area, as text."""
        applied = self.dmarc_walk.applied
        keys = [(f"DKIM {selector}", _key_text(key)) for selector, key in self.dkim.items()]
        return [
            ("SPF", _texts(self.spf_tree.texts)),
            *(keys or [("DKIM", "no selector was given")]),
            ("DMARC", _texts(applied.texts if applied else ())),
        ]

    def _repr_html_(self) -> str:
        hue = next(hue for least, hue in _HUES if self.score >= least)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left;padding-right:1em;white-space:nowrap">{escape(name)}</th>'
            f'<td style="text-align:left"><code style="overflow-wrap:anywhere">{escape(text)}</code></td></tr>'
            for name, text in self._published()
        )
        return (
            '<div class="mailkit-domain" style="font-family:system-ui,sans-serif;max-width:70em;line-height:1.4">'
            f'<p style="font-size:1.2em;margin:.5em 0"><b>{escape(self.domain.unicode)}</b>: '
            f'<span style="color:{hue};font-weight:600">{escape(self.verdict)}</span></p>'
            f'<p style="margin:.5em 0"><meter min="0" max="100" low="60" high="90" optimum="100" value="{self.score}" '
            f'style="width:14em"></meter> <b>{self.score}</b> of 100 points{_lost_html(self.deductions)}</p>'
            f'<table class="mailkit-published">{rows}</table>'
            f"{findings_html(self.findings)}{_records_html(self.records)}</div>"
        )


def _texts(texts: tuple[str, ...]) -> str:
    """Records as they are published, on one line and printable."""
    shown = cut(" | ".join(texts)) or "none seen"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)


def _key_text(key: DkimRecord | None) -> str:
    if key is None:
        return "none seen"
    return f"{key.algorithm}, {key.bits} bits" if key.bits else "revoked" if key.is_revoked else "not readable"


def _lost_html(deductions: tuple[tuple[str, int], ...]) -> str:
    if not deductions:
        return ""
    lost = ", ".join(f"{escape(code.removeprefix('dns.'))} −{points}" for code, points in deductions)
    return f' <span style="opacity:.75">({lost})</span>'


def _records_html(records: tuple[TextRecord, ...]) -> str:
    if not records:
        return ""
    lines = "".join(
        f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere;padding:.6em .8em;border:1px solid #8886;'
        f'border-radius:6px;margin:.4em 0;text-align:left">{escape(str(record))}</pre>'
        + (f'<p style="margin:0 0 .6em;opacity:.75">{escape(record.why)}</p>' if record.why else "")
        for record in records
    )
    return f'<p style="margin:1em 0 .2em"><b>To publish</b></p>{lines}'
