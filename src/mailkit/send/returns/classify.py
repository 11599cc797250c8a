"""What a refusal means: rules are data, tried from the most telling to the least.

How to think about it. Words that name the sender's side come first, whatever code they stand
beside: providers put 5.1.0 on a refused signature. Then come the codes that name one thing,
then the words about the reader and the way, then the codes that leave much open, and at last
the first digit. The tables are in `rules/`; each row has an id and a source.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

import attrs

from mailkit.errors import InvalidValue
from mailkit.send.returns.causes import FAMILIES, FAULTS, Action, Cause, Family, Fault, action_for
from mailkit.send.returns.reply import Phase, Reply

__all__ = ["Evidence", "Verdict", "classify"]

_ADDRESS: Final = re.compile(r"[^\s@]{1,64}@\S{1,255}")  # nobody is a spammer for being called virus@example.org
_LONGEST: Final = 4_000
"""Characters of a reply that are looked at; RFC 5321 allows 512 octets a line."""
_BEFORE_RCPT: Final = (Phase.CONNECT, Phase.EHLO, Phase.MAIL)
"""The server has not heard of the recipient yet, so whom it does not know is the sender."""


@attrs.frozen(kw_only=True)
class Evidence:
    """What a verdict rests on.

    Attributes:
        rule: The id of the row that decided, such as "sender.block-list" or "codes.5.1.1".
        matched: The words or the code that it met.

    >>> print(classify(Reply.parse("550 5.7.1 Blocked using zen.spamhaus.org")).evidence)
    sender.block-list: 'spamhaus'
    """

    rule: str
    matched: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.matched!r}" if self.matched else self.rule


@attrs.frozen(kw_only=True)
class Verdict:
    """What a reply means.

    Attributes:
        cause: What happened.
        family: Who must act.
        fault: Where the fault lies.
        action: What to do next.
        is_permanent: Whether the server would say the same again (class 5). It proves
            nothing about the reader: most permanent refusals are the sender's to mend.
        confidence: How sure the cause is, 0..1.
        evidence: What this rests on.

    >>> verdict = classify(Reply.parse("550 5.7.26 Unauthenticated email from shop.example is not accepted"))
    >>> verdict.is_permanent, verdict.action
    (True, <Action.FIX: 'fix'>)
    """

    cause: Cause
    family: Family
    fault: Fault
    action: Action
    is_permanent: bool
    confidence: float
    evidence: Evidence

    def __str__(self) -> str:
        return f"{self.cause} ({self.family}): {self.action}; by {self.evidence}"


@attrs.frozen(kw_only=True)
class _Rule:
    """One row: any of `words`, whose parts may have other words between them."""

    id: str
    cause: Cause
    words: tuple[tuple[str, ...], ...]
    codes: tuple[str, ...] = ()
    provider: str = ""

    def match(self, text: str, reply: Reply, provider: str) -> str:
        """The words that were met; empty if the row does not fit."""
        if self.provider and provider and provider != self.provider:
            return ""
        if self.codes and not f"{reply.code}".startswith(self.codes) and not reply.enhanced.startswith(self.codes):
            return ""
        return next((found for parts in self.words if (found := _find(text, parts))), "")


@attrs.frozen
class _Rules:
    sender: tuple[_Rule, ...]
    reader: tuple[_Rule, ...]
    codes: dict[str, str]
    vague: dict[str, str]
    replies: dict[str, str]


def classify(reply: Reply, *, provider: str = "", phase: Phase | None = None) -> Verdict:
    """Say what a refusal means, whose fault it is, and what to do.

    Refusals for reputation, content, authentication, rate or set-up never ask for an address
    to be suppressed, whatever code they carry.

    Args:
        reply: The reply.
        provider: Whose server said it, if known: "gmail", "outlook", "yahoo", "mail.ru" or
            "yandex". Rows of other providers are then passed over.
        phase: In which part of the conversation it came, if known. Before RCPT the server has
            not heard of the recipient, so what it says there speaks of the sender.

    Raises:
        InvalidValue: It is no `Reply`, or no refusal but a success.

    >>> classify(Reply.parse("550 5.1.1 No such user")).cause
    <Cause.USERUNKNOWN: 'userunknown'>
    >>> classify(Reply.parse("451 4.7.1 Greylisted, please try again")).action
    <Action.RETRY: 'retry'>
    """
    if not isinstance(reply, Reply):
        raise InvalidValue("reply", reply, "is not a Reply", "write Reply.parse('550 5.1.1 No such user')")
    if reply.is_positive:
        raise InvalidValue("reply", reply.line, "is no refusal", "only what a server refused can be classified")
    cause, confidence, evidence = _cause(reply, provider, phase)
    if phase in _BEFORE_RCPT and FAMILIES[cause] in (Family.RECIPIENT, Family.DOMAIN):
        cause, evidence = Cause.REJECTED, Evidence(rule=f"phase.{phase}", matched=evidence.matched)
    family = FAMILIES[cause]
    return Verdict(
        cause=cause,
        family=family,
        fault=FAULTS[family],
        action=action_for(family, is_permanent=reply.is_permanent),
        is_permanent=reply.is_permanent,
        confidence=confidence,
        evidence=evidence,
    )


def _cause(reply: Reply, provider: str, phase: Phase | None) -> tuple[Cause, float, Evidence]:
    rules = _rules()
    text = _ADDRESS.sub("@", re.sub(r"\s+", " ", reply.text[:_LONGEST].lower()))
    subject = reply.enhanced.partition(".")[2]
    for rule in rules.sender:
        if found := rule.match(text, reply, provider):
            return rule.cause, 0.95, Evidence(rule=f"sender.{rule.id}", matched=found)
    if subject in rules.codes:
        return Cause(rules.codes[subject]), 0.9, Evidence(rule=f"codes.{reply.enhanced}", matched=reply.enhanced)
    for rule in rules.reader:
        if found := rule.match(text, reply, provider):
            return rule.cause, 0.85, Evidence(rule=f"reader.{rule.id}", matched=found)
    if subject in rules.vague:
        return Cause(rules.vague[subject]), 0.6, Evidence(rule=f"vague.{reply.enhanced}", matched=reply.enhanced)
    if phase is Phase.MAIL and reply.is_permanent:
        return Cause.REJECTED, 0.5, Evidence(rule="phase.mail")
    if str(reply.code) in rules.replies:
        return (
            Cause(rules.replies[str(reply.code)]),
            0.5,
            Evidence(rule=f"replies.{reply.code}", matched=str(reply.code)),
        )
    return (Cause.ONHOLD if text else Cause.UNDEFINED), 0.3, Evidence(rule="first-digit")


def _find(text: str, parts: tuple[str, ...]) -> str:
    """The stretch of text that holds all parts in their order; empty if there is none."""
    start = text.find(parts[0])
    end = start + len(parts[0])
    if start < 0:
        return ""
    for part in parts[1:]:
        place = text.find(part, end)
        if place < 0:
            return ""
        end = place + len(part)
    return text[start:end]


@cache
def _rules() -> _Rules:
    codes = _table("codes")
    return _Rules(_rows("sender"), _rows("reader"), codes["codes"], codes["vague"], codes["replies"])


def _rows(name: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            id=row["id"],
            cause=Cause(row["cause"]),
            words=tuple(tuple(part.strip() for part in words.split("…")) for words in row["words"]),
            codes=tuple(row.get("codes", ())),
            provider=row.get("provider", ""),
        )
        for row in _table(name)["rule"]
    )


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("mailkit.send.returns").joinpath(f"rules/{name}.toml").read_text("utf-8"))
