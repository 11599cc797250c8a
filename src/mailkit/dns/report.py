"""What a check of a domain found: readable by people, in a terminal and in a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import attrs

from mailkit.address import Domain
from mailkit.dns.difference import Difference, difference
from mailkit.dns.dkim.key import Found as KeyFound
from mailkit.dns.dkim.key import Record as DkimRecord
from mailkit.dns.dmarc.record import Policy
from mailkit.dns.dmarc.record import Record as DmarcRecord
from mailkit.dns.dmarc.walk import Discovery
from mailkit.dns.lookup import Outcome, Query
from mailkit.dns.monitor import Snapshot
from mailkit.dns.mx import Found as MxFound
from mailkit.dns.parked import PARKED
from mailkit.dns.readiness import Readiness, readiness_html
from mailkit.dns.records import TextRecord
from mailkit.dns.scoring import area_of, deductions
from mailkit.dns.spf.drawing import tree_html
from mailkit.dns.spf.record import Record as SpfRecord
from mailkit.dns.spf.tree import Branch
from mailkit.dns.survey import Seen
from mailkit.dns.tags import cut
from mailkit.errors import InvalidValue
from mailkit.findings import Finding, Findings, Severity, findings_html

__all__ = ["DomainReport"]

_FORM: Final = 1
_NO_MATTER: Final = "dmarc-report-unanswered"
"""A question that is open, and whose answer changes nothing about letters."""
_OPEN: Final = "dns.spf-plus-all"
"""The record is right, so that it is no error; yet who lets anybody send is not ready to."""

_HUES: Final = ((90, "#1a7f37"), (60, "#8a5a00"), (0, "#b3261e"))


@attrs.frozen(kw_only=True)
class DomainReport:
    """Whether a domain is ready to send, why not, and what to paste where.

    Attributes:
        seen: Everything that was found, as the areas' own values.
        findings: What is to be said, worst first.
        records: The records to publish, ready to paste.
        readiness: What each mailbox provider demands, and whether it is met; empty for a domain that sends no mail.

    >>> from mailkit import dns
    >>> zone = {("example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"], ("example.com", "MX"): ["10 mx.example.com"]}
    >>> report = dns.check_sync("example.com", resolver=zone | {("mx.example.com", "A"): ["8.8.8.8"]})
    >>> report.is_ready, report.score, str(report.spf.all)
    (False, 50, '-all')
    >>> print(report.records[0])
    _dmarc.example.com. IN TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"
    >>> [provider.provider for provider in report.readiness if provider.is_ready is False]
    ['Gmail', 'Yahoo', 'Microsoft', 'Mail.ru']
    """

    seen: Seen = attrs.field(repr=False)
    findings: tuple[Finding, ...] = attrs.field(converter=Findings)
    records: tuple[TextRecord, ...] = ()
    readiness: tuple[Readiness, ...] = attrs.field(default=(), repr=False)

    @property
    def domain(self) -> Domain:
        """The domain."""
        return self.seen.wish.domain

    @property
    def spf_tree(self) -> Branch:
        """The SPF record with all that it refers to."""
        return self.seen.spf_tree

    @property
    def keys(self) -> tuple[KeyFound, ...]:
        """What is published for each DKIM selector."""
        return self.seen.keys

    @property
    def dmarc_walk(self) -> Discovery:
        """Where a DMARC record was looked for, and which one applies."""
        return self.seen.dmarc_walk

    @property
    def outcomes(self) -> Mapping[Query, Outcome]:
        """How each question ended."""
        return self.seen.outcomes

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
        return not any(map(self._is_open, {finding.code.removeprefix("dns.") for finding in self.findings}))

    def _is_open(self, word: str) -> bool:
        """Whether a finding is about something that was not seen, and without which letters may suffer."""
        if word == "dmarc-parent-unanswered":
            return not self.dmarc_walk.is_settled
        is_unanswered = word.endswith("unanswered") and word != _NO_MATTER and area_of(word).is_needed
        return is_unanswered or word == "dkim-unknown"

    @property
    def is_parked(self) -> bool:
        """Whether the domain says in every way that it neither sends nor takes mail (`mailkit.dns.parked`)."""
        return any(finding.code == PARKED for finding in self.findings)

    @property
    def is_ready(self) -> bool:
        """Whether all that letters need is in place, with no error, and was seen."""
        return self.is_complete and not self._errors() and not self.is_parked

    def _errors(self) -> bool:
        wrong = (one for one in self.findings if one.severity is Severity.ERROR or one.code == _OPEN)
        return any(area_of(finding.code).is_needed for finding in wrong)

    @property
    def deductions(self) -> tuple[tuple[str, int], ...]:
        """The points lost, by finding; an area never loses more than its share (`mailkit.dns.scoring`)."""
        return deductions(self.findings)

    @property
    def score(self) -> int:
        """From 0 to 100: a hundred without `deductions`."""
        return 100 - sum(points for _, points in self.deductions)

    @property
    def verdict(self) -> str:
        """The report in a few words."""
        if self.is_ready:
            return "ready to send"
        if self._errors():
            return "not ready to send"
        if self.is_parked and self.is_complete:
            return "sends no mail"
        return "not known to be ready, since not everything was seen"

    def snapshot(self, *, before: Snapshot | None = None) -> Snapshot:
        """What was found, to be kept: since when each record is as it is follows from the snapshot before.

        >>> from datetime import UTC, datetime, timedelta
        >>> from mailkit import dns
        >>> zone, noon = {("example.com", "TXT"): ["v=spf1 -all"]}, datetime(2026, 3, 1, 12, tzinfo=UTC)
        >>> first = dns.check_sync("example.com", resolver=zone, now=noon).snapshot()
        >>> later = dns.check_sync("example.com", resolver=zone, now=noon + timedelta(days=3)).snapshot(before=first)
        >>> later.has_stood(dns.Query("example.com", "TXT"), timedelta(hours=48))
        True
        """
        return Snapshot.of(
            self.domain.ascii,
            self.outcomes,
            now=self.seen.wish.now,
            before=before,
            policy=str(self.policy or ""),
            score=self.score,
        )

    def diff(self, old: DomainReport | Mapping[str, Any] | str) -> Difference:
        """What has changed since an older report of the same domain.

        Args:
            old: That report, or what its `to_json` gave.

        Raises:
            InvalidValue: It is neither, or of another domain.

        >>> from mailkit import dns
        >>> old = dns.check_sync("example.com", resolver={}).to_json()
        >>> new = dns.check_sync("example.com", resolver={("example.com", "TXT"): ["v=spf1 -all"]})
        >>> print(new.diff(old).summary)
        example.com: score 20 to 45, 0 new findings, 1 gone, 1 changed record
        """
        return difference(_facts(old), self.facts())

    def facts(self) -> dict[str, Any]:
        """The report in JSON's plain values."""
        return {
            "form": _FORM,
            "domain": self.domain.ascii,
            "verdict": self.verdict,
            "is_ready": self.is_ready,
            "is_complete": self.is_complete,
            "score": self.score,
            "deductions": [{"code": code, "points": points} for code, points in self.deductions],
            "published": [{"what": what, "text": text} for what, text in self._published()],
            "findings": [_finding_facts(finding) for finding in self.findings],
            "records": [{"name": one.name, "type": "TXT", "text": one.text, "why": one.why} for one in self.records],
            "readiness": [
                {
                    "provider": one.provider,
                    "is_ready": one.is_ready,
                    "demands": [
                        {"demand": demand.demand, "text": demand.text, "of_bulk": demand.of_bulk,
                         "is_must": demand.is_must, "status": str(demand.status), "evidence": demand.evidence}
                        for demand in one.demands
                    ],
                }
                for one in self.readiness
            ],
            "snapshot": self.snapshot().to_json(),
        }  # fmt: skip

    def to_json(self) -> str:
        """The report as JSON, for monitoring and for `diff`; equal reports give equal texts."""
        return json.dumps(self.facts(), ensure_ascii=False, indent=2)

    def __str__(self) -> str:
        lines = [f"{self.domain}: {self.verdict}, {self.score} of 100 points"]
        lines += [f"  {name}: {text}" for name, text in self._published()]
        lines += [f"- {finding}" for finding in self.findings]
        if self.readiness:
            lines += ["Providers:", *(f"  {one.provider}: {one.verdict}" for one in self.readiness)]
        if self.records:
            lines.append("To publish:")
            for record in self.records:
                lines += [f"  ; {record.why}"] if record.why else []
                lines.append(f"  {record}")
        return "\n".join(lines)

    def _published(self) -> list[tuple[str, str]]:
        """What is there, by area, as text."""
        applied = self.dmarc_walk.applied
        keys = [(f"DKIM {selector}", _key_text(key)) for selector, key in self.dkim.items()]
        return [
            ("SPF", _texts(self.spf_tree.texts)),
            *(keys or [("DKIM", "no key was seen")]),
            ("DMARC", _texts(applied.texts if applied else ())),
            ("MX", _exchanges(self.seen.mx)),
            *([("MTA-STS", _texts(self.seen.sts.texts))] if self.seen.sts.texts else []),
            *([("TLS-RPT", _texts(self.seen.rpt.texts))] if self.seen.rpt.texts else []),
            *([("BIMI", _texts(self.seen.bimi.texts))] if self.seen.bimi.texts else []),
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
            f"{findings_html(self.findings)}{_records_html(self.records)}"
            f"{_folded('What mailbox providers demand', readiness_html(self.readiness)) if self.readiness else ''}"
            f"{_folded('The SPF record with all that it includes', tree_html(self.spf_tree))}</div>"
        )


def _facts(given: DomainReport | Mapping[str, Any] | str) -> Mapping[str, Any]:
    if isinstance(given, DomainReport):
        return given.facts()
    try:
        told = json.loads(given) if isinstance(given, str | bytes) else given
    except (ValueError, RecursionError) as error:
        raise InvalidValue("DomainReport.diff", cut(str(given), longest=60), "is not JSON") from error
    if not isinstance(told, Mapping) or told.get("form") != _FORM:
        mend = "give a DomainReport, or what its to_json() gave"
        raise InvalidValue("DomainReport.diff", cut(str(given), longest=60), "is not a report", mend)
    return told


def _finding_facts(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "place": str(finding.place),
        "message": finding.message,
        "evidence": finding.evidence,
        "mend": finding.mend,
        "source": finding.source,
    }


def _folded(title: str, html: str) -> str:
    summary = f'<summary style="cursor:pointer"><b>{escape(title)}</b></summary>'
    return f'<details style="margin:1em 0">{summary}{html}</details>'


def _texts(texts: tuple[str, ...]) -> str:
    """Records as they are published, on one line and printable."""
    shown = cut(" | ".join(texts)) or "none seen"
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in shown)


def _exchanges(found: MxFound) -> str:
    """Where mail goes; the null MX in words."""
    null = () if found.null_preference is None else ("null MX (takes no mail)",)
    return _texts((*null, *found.names))


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
