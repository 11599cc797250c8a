"""What has changed between two checks of one domain."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import attrs

from mailkit.dns.dkim.key import Record as DkimRecord
from mailkit.dns.dkim.key import is_key
from mailkit.dns.monitor import Snapshot, changes
from mailkit.dns.tags import plain
from mailkit.errors import InvalidValue
from mailkit.event import Event
from mailkit.findings import COLOURS, Severity

_AROUND: Final = 30
_LONGEST: Final = 120
_CELL: Final = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0;overflow-wrap:anywhere"

__all__ = ["Difference", "difference"]


@attrs.frozen(kw_only=True)
class Difference:
    """What has changed between two checks of one domain.

    Attributes:
        domain: The domain.
        old_score: Its score then.
        new_score: Its score now.
        appeared: What is to be said now and was not then, each as a line.
        gone: What was to be said then, and no longer is.
        events: The records and the policy that changed, as events for alerts (`mailkit.dns.monitor`).

    >>> Difference(domain="example.com", old_score=80, new_score=80).is_empty
    True
    """

    domain: str
    old_score: int
    new_score: int
    appeared: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed."""
        return not (self.appeared or self.gone or self.events or self.old_score != self.new_score)

    @property
    def records(self) -> tuple[Event, ...]:
        """The events about records."""
        return tuple(event for event in self.events if "name" in event.properties)

    @property
    def summary(self) -> str:
        """The difference in one line."""
        if self.is_empty:
            return f"{self.domain}: nothing has changed"
        score = str(self.new_score) if self.old_score == self.new_score else f"{self.old_score} to {self.new_score}"
        count = len(self.records)
        return (
            f"{self.domain}: score {score}, {len(self.appeared)} new finding{'' if len(self.appeared) == 1 else 's'}, "
            f"{len(self.gone)} gone, {count} changed record{'' if count == 1 else 's'}"
        )

    def __str__(self) -> str:
        lines = [f"+ {line}" for line in self.appeared] + [f"- {line}" for line in self.gone]
        return "\n".join([self.summary, *lines, *(f"! {_line(event)}" for event in self.events)])

    def _repr_html_(self) -> str:
        rows = [("new", line, line) for line in self.appeared] + [("gone", line, "") for line in self.gone]
        rows += [("changed", _line(event), str(event.properties.get("severity", ""))) for event in self.events]
        body = "".join(
            f'<tr><th scope="row" style="{_CELL};color:{_colour(severity)}">{word}</th>'
            f'<td style="{_CELL}">{escape(line)}</td></tr>'
            for word, line, severity in rows
        )
        return f"<p><b>{escape(self.summary)}</b></p>" + (f"<table>{body}</table>" if body else "")


def _colour(severity: str) -> str:
    """The colour of what begins with the word of a severity; that of the text for anything else."""
    return next((COLOURS[one] for one in Severity if severity.startswith(one)), "inherit")


def _line(event: Event) -> str:
    told = event.properties
    what = f"{told['type']} {told['name']}" if "name" in told else event.kind.replace("_", " ")
    before, after = (str(told.get(word) or "") for word in ("before", "after"))
    change = _key_change(str(told.get("name", "")), before, after)
    change = change or " → ".join(one or "nothing" for one in _shortened(before, after))
    return f"{plain(what, longest=300)}: {change} ({told.get('severity')})"


def _key_change(name: str, before: str, after: str) -> str:
    """What has changed about a DKIM key, in words; empty for anything else."""
    if "._domainkey." not in name or not (is_key(before) and is_key(after)):
        return ""
    old, new = DkimRecord.parse(before), DkimRecord.parse(after)
    if not (old.bits and new.bits) or old.key == new.key:
        return ""
    kinds = "" if old.algorithm == new.algorithm else f", {plain(old.algorithm)} to {plain(new.algorithm)}"
    return f"key replaced, {old.bits} to {new.bits} bits{kinds}"


def _shortened(before: str, after: str) -> tuple[str, str]:
    """Two texts as they can be printed, each around where they part."""
    pairs = zip(before, after, strict=False)
    same = next((at for at, (old, new) in enumerate(pairs) if old != new), min(len(before), len(after)))
    start = max(0, same - _AROUND) if max(len(before), len(after)) > _LONGEST else 0

    def shown(text: str) -> str:
        return "…" * (start > 0 and bool(text)) + plain(text[start:], longest=_LONGEST)

    return shown(before), shown(after)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    """Compare the facts of two reports.

    Raises:
        InvalidValue: They are of two domains, or the older one is not a report.
    """
    try:
        if old["domain"] != new["domain"]:
            raise InvalidValue("diff", old["domain"], f"is another domain than {new['domain']}")
        before, after = (Snapshot.from_json(one["snapshot"]) for one in (old, new))
        was, now = (dict.fromkeys(map(_told, one["findings"])) for one in (old, new))
        return Difference(
            domain=new["domain"],
            old_score=int(old["score"]),
            new_score=int(new["score"]),
            appeared=tuple(line for line in now if line not in was),
            gone=tuple(line for line in was if line not in now),
            events=changes(before, after),
        )
    except InvalidValue:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidValue("diff", old.get("domain"), f"is not what to_json gave ({error!r})") from error


def _told(finding: Mapping[str, Any]) -> str:
    place = f"{finding['place']}: " if finding["place"] else ""
    return plain(f"{finding['severity']}: {place}{finding['message']} [{finding['code']}]", longest=1000)
