"""What a provider's answers ask of us: rules are data, tried from top to bottom.

How to think about it. A rule looks at one refusal and takes a measure for a time, between one
sending identity and one provider. The rules are in `shaping.toml`, each with its source; a user's
own are tried before them. Most rows know a provider's codes; the last ones ask `send.classify`
for the cause, so that wordings are kept in one place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

import attrs

from mailkit.checks import counted, share
from mailkit.errors import InvalidValue
from mailkit.send.limits.rate import Rate, positive
from mailkit.send.returns.causes import Cause
from mailkit.send.returns.classify import classify
from mailkit.send.transport import Refused

__all__ = ["Measure", "Rule", "Taken", "first_rule", "rules_from", "shipped_rules"]

_LONGEST: Final = 4_000
"""Characters of a reply that are looked at."""
_SPEAKS_AS: Final = {"microsoft365": "outlook"}
"""Providers whose wordings the tables of `send.classify` keep under another's name."""
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Measure(StrEnum):
    """What is done about a refusal."""

    SUSPEND = "suspend"
    """Nothing more is begun on that way."""
    SLOW = "slow"
    """The way gets a rate of its own, beside all others."""
    NARROW = "narrow"
    """Fewer conversations at once."""
    SWITCH = "switch"
    """Another identity sends, if `Limits.instead` names one that is open; else the way is suspended."""
    STOP = "stop"
    """The campaign is not wanted there: the sender pauses it, everywhere, until somebody resumes it."""
    NONE = "none"
    """Nothing: the refusal speaks of one reader, or of something that waiting does not mend."""


def _causes(given: Sequence[str]) -> tuple[Cause, ...]:
    try:
        return tuple(map(Cause, given))
    except ValueError as error:
        raise InvalidValue("Rule.causes", given, "names a cause that there is not", "see `send.Cause`") from error


def _codes(given: Iterable[str]) -> tuple[str, ...]:  # `tuple` alone would tell type checkers nothing
    return tuple(given)


@attrs.frozen(kw_only=True)
class Rule:
    """One row: which refusals it fits, and what is done about them.

    Attributes:
        id: Its name, for logs.
        measure: What is done.
        lasts: For how long; not for `none`.
        provider: Whose answers it looks at; anyone's if empty.
        codes: The reply code, the enhanced code, both as "421 4.7.28", or a class, "4" or "5"; any if empty.
        pattern: A regular expression that the text must contain, in whatever case. A server far away writes the
            text, so let it have no nested repetition.
        causes: What `send.classify` must make of the reply; anything if empty.
        rate: To which rate `slow` slows.
        share: Which share of the conversations `narrow` leaves.
        after: How many such refusals it takes.
        within: In which time; needed if it takes several.

    >>> from mailkit.send import Phase, Reply
    >>> rule = Rule(id="ours", provider="gmail", codes=["421 4.7.28"], measure="suspend", lasts=timedelta(hours=1))
    >>> refused = Refused(reply=Reply.parse("421-4.7.28 Gmail has detected an unusual rate"), phase=Phase.DATA)
    >>> rule.fits(refused, "gmail"), rule.fits(refused, "yahoo")
    (True, False)
    """

    id: str
    measure: Measure = attrs.field(converter=Measure)
    lasts: timedelta | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    provider: str = ""
    codes: tuple[str, ...] = attrs.field(default=(), converter=_codes)
    pattern: str = ""
    causes: tuple[Cause, ...] = attrs.field(default=(), converter=_causes)
    rate: Rate | None = None
    share: float = attrs.field(default=0.5, validator=share)
    after: int = attrs.field(default=1, validator=counted)
    within: timedelta | None = attrs.field(default=None, validator=attrs.validators.optional(positive))
    _regex: re.Pattern[str] | None = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.lasts is None) != (self.measure is Measure.NONE):
            raise InvalidValue("Rule.lasts", self.lasts, f"does not fit the measure {self.measure.value!r}")
        if (self.rate is None) != (self.measure is not Measure.SLOW):
            raise InvalidValue("Rule.rate", self.rate, f"does not fit the measure {self.measure.value!r}")
        if self.after > 1 and self.within is None:
            raise InvalidValue("Rule.within", None, "is needed where it takes several refusals", "say in which time")
        try:
            regex = re.compile(self.pattern, re.IGNORECASE) if self.pattern else None
        except re.error as error:
            raise InvalidValue("Rule.pattern", self.pattern, f"is no regular expression: {error}") from error
        object.__setattr__(self, "_regex", regex)  # the class is frozen

    def fits(self, refused: Refused, provider: str) -> bool:
        """Whether this row speaks of such a refusal by this provider."""
        reply = refused.reply
        if self.provider and self.provider != provider:
            return False
        if self.codes:
            said = (str(reply.code), reply.enhanced, f"{reply.code} {reply.enhanced}", str(reply.code)[:1])
            if not any(code in said for code in self.codes):
                return False
        if self._regex is not None and not self._regex.search(reply.line[:_LONGEST]):
            return False
        return not self.causes or _cause(refused, provider) in self.causes


def _cause(refused: Refused, provider: str) -> Cause:
    return classify(refused.reply, provider=_SPEAKS_AS.get(provider, provider), phase=refused.phase).cause


@attrs.frozen(kw_only=True)
class Taken:
    """A measure that was taken.

    Attributes:
        measure: What is done.
        rule: The id of the row that asked for it.
        identity: Between which sending identity
        provider: and which provider.
        until: Until when.
        rate: The rate that was set, for `slow`.
        connections: How many conversations are left, for `narrow`.
        reply: What the provider said, on one line.

    >>> from datetime import UTC
    >>> print(Taken(measure=Measure.SUSPEND, rule="gmail-try-later", identity="pool-a", provider="gmail",
    ...             until=datetime(2026, 3, 1, 12, 15, tzinfo=UTC)))
    pool-a to gmail: suspend until 2026-03-01 12:15:00 UTC, by gmail-try-later
    """

    measure: Measure
    rule: str
    identity: str
    provider: str
    until: datetime
    rate: Rate | None = None
    connections: int | None = None
    reply: str = ""

    def __str__(self) -> str:
        way = " to ".join(filter(None, (self.identity, self.provider))) or "all"
        how = f" to {self.rate.count} in {self.rate.per}" if self.rate else ""
        how += f" to {self.connections} at once" if self.connections is not None else ""
        return f"{way}: {self.measure.value}{how} until {self.until:%Y-%m-%d %H:%M:%S} UTC, by {self.rule}"


def first_rule(rules: Sequence[Rule], refused: Refused, provider: str) -> Rule | None:
    """The first row that speaks of such a refusal by this provider; None if none does."""
    return next((rule for rule in rules if rule.fits(refused, provider)), None)


def rules_from(rows: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Rules from rows as they stand in `shaping.toml`, for a file of one's own.

    >>> (rule,) = rules_from([{"id": "ours", "codes": ["421"], "measure": "slow", "rate": "60/m", "for": "2h"}])
    >>> rule.rate.count, str(rule.rate.per), str(rule.lasts)
    (60, '0:01:00', '2:00:00')
    """
    return tuple(_rule(dict(row)) for row in rows)


@cache
def shipped_rules() -> tuple[Rule, ...]:
    """The rows of `shaping.toml`."""
    text = files("mailkit.send.limits").joinpath("shaping.toml").read_text("utf-8")
    return rules_from(tomllib.loads(text)["rule"])


def _rule(row: dict[str, Any]) -> Rule:
    rate = row.pop("rate", None)
    lengths = {"lasts": row.pop("for", None), "within": row.pop("within", None)}
    known = {field.name for field in attrs.fields(Rule) if field.init}
    if strange := sorted(set(row) - known):
        raise InvalidValue(f"rule {row.get('id')!r}", strange[0], "is no part of a rule", f"write {sorted(known)}")
    row.update({name: _length(length) for name, length in lengths.items() if length is not None})
    return Rule(**row, rate=None if rate is None else _rate(rate))


def _length(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhd])", str(text))
    if found is None:
        raise InvalidValue("length of time", text, "is not a number with s, m, h or d", 'write "30m"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _rate(text: str) -> Rate:
    found = re.fullmatch(r"(\d+)/(\d*[smhd])", str(text))
    if found is None:
        raise InvalidValue("rate", text, "is not so many in so much time", 'write "60/m"')
    return Rate(int(found[1]), per=_length(found[2] if found[2][0].isdigit() else f"1{found[2]}"))
