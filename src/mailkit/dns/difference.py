"""What has changed between two checks of one domain."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import attrs

from mailkit.dns.monitor import Snapshot, changes
from mailkit.errors import InvalidValue
from mailkit.event import Event

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
        rows = [("new", line) for line in self.appeared] + [("gone", line) for line in self.gone]
        rows += [("changed", _line(event)) for event in self.events]
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{word}</th>'
            f'<td style="text-align:left">{escape(line)}</td></tr>'
            for word, line in rows
        )
        return f"<p><b>{escape(self.summary)}</b></p>" + (f"<table>{body}</table>" if body else "")


def _line(event: Event) -> str:
    told = event.properties
    what = f"{told['type']} {told['name']}" if "name" in told else event.kind.replace("_", " ")
    return f"{what}: {told.get('before') or 'nothing'} → {told.get('after') or 'nothing'} ({told.get('severity')})"


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
    except (KeyError, TypeError) as error:
        raise InvalidValue("diff", old.get("domain"), f"is not what to_json gave ({error!r})") from error


def _told(finding: Mapping[str, Any]) -> str:
    place = f"{finding['place']}: " if finding["place"] else ""
    return f"{finding['severity']}: {place}{finding['message']} [{finding['code']}]"
