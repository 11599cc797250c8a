"""The function check_host() of RFC 7208, to the letter, as questions.

Terms are evaluated strictly in order. Only names that one term brings (the hosts of an mx, the
names of a client) are asked for side by side; what becomes of them still counts in order, so that
nothing behind a match can spoil it.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

import attrs

from mailkit.dns.lookup import Answer, Check, Failure, Outcome, Query, ask, name_fault
from mailkit.dns.spf import macros
from mailkit.dns.spf.macros import Facts
from mailkit.dns.spf.matching import Tally, TermError, matches, named, target_of
from mailkit.dns.spf.record import Mechanism, Modifier, Record, is_spf
from mailkit.dns.spf.result import Identity, Matched, Result, SpfResult, Visit
from mailkit.dns.spf.tree import MOST_LOOKUPS, MOST_VOIDS
from mailkit.dns.tags import cut
from mailkit.errors import InvalidValue

__all__ = ["check_host"]

_MOST_EVER: Final = 100
"""Look-ups beyond which no evaluation goes: records may include each other."""

_MAIL_DOMAIN: Final = re.compile(r"[!-?A-Z\\^-~]+\Z")
"""Printable ASCII without @, [ and ]. Names that a record leads to may have them: `include:%{s}._spf.example.com`."""


def check_host(
    ip: str | IPv4Address | IPv6Address,
    domain: str,
    sender: str,
    *,
    helo: str = "unknown",
    identity: Identity = Identity.MAIL_FROM,
    receiver: str | None = "unknown",
    default_explanation: str | None = None,
    now: datetime,
    most_lookups: int = MOST_LOOKUPS,
    most_voids: int = MOST_VOIDS,
) -> Check[SpfResult]:
    """Say whether a client may send for a domain, as the function of this name does (RFC 7208, 4).

    A check for `mailkit.dns.drive.run`.

    Args:
        ip: The client's address.
        domain: Whose record says whether it may send.
        sender: MAIL FROM or HELO; without a local part, it is that of the postmaster (4.3).
        helo: What the client said in HELO or EHLO.
        identity: Which name is checked; it changes nothing about the result.
        receiver: The host that checks.
        default_explanation: What to say of a fail where the domain says nothing.
        now: The time, for the macro `t`.
        most_lookups: Terms that may cost a look-up, at most 100; receivers allow ten.
        most_voids: Terms that may look up what is not there; receivers allow two.

    Raises:
        InvalidValue: The address is none, a name is not text, or more than a hundred look-ups are wanted.
    """
    for what, text in (("domain", domain), ("sender", sender)):
        if not isinstance(text, str):
            raise InvalidValue(f"spf.check_host: {what}", text, "is not text")
    asked = _a_labels(domain)
    local, _, end = sender.rpartition("@")
    facts = Facts(
        ip=_address(ip),
        sender=f"{local or 'postmaster'}@{_a_labels(end) or asked}",
        domain=asked,
        helo=helo or "unknown",
        receiver=receiver or "unknown",
        seconds=int(now.timestamp()),
    )
    if most_lookups > _MOST_EVER:
        raise InvalidValue("spf.check_host: most_lookups", most_lookups, f"is more than {_MOST_EVER}")
    return _Evaluation(facts, default_explanation, Tally(most_lookups, most_voids)).result(identity)


def _address(given: str | IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The address as SPF sees it: one of IPv4 that is written as of IPv6 is of IPv4 (RFC 7208, 5)."""
    try:
        address = ip_address(given)
    except ValueError as error:
        raise InvalidValue(
            "spf.evaluate: ip", given, "is not an IP address", "write one such as '192.0.2.1'"
        ) from error
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))  # without the name of an interface


def _a_labels(domain: str) -> str:
    """The domain in A-labels and without a final dot; one that has none stays as it is (RFC 7208, 4.3)."""
    name = domain.removesuffix(".")
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return name


def _domain_fault(name: str) -> str:
    """Why nothing can be looked up for a domain (RFC 7208, 4.3); empty if something can."""
    if not name:
        return "is empty"
    return name_fault(name) or ("" if "." in name else "has one label only")


@attrs.frozen(kw_only=True)
class _Found:
    """What one record, with those that it redirects to, says."""

    result: Result
    facts: Facts
    term: Matched | None = None
    record: Record


class _Evaluation:
    """One evaluation, with what it has used up so far."""

    def __init__(self, facts: Facts, default: str | None, tally: Tally) -> None:
        self._facts, self._default = facts, default
        self._tally = tally
        self._visits: list[Visit | None] = []
        self._checks_local_part = False

    def result(self, identity: Identity) -> Check[SpfResult]:
        facts = self._facts
        about: dict[str, Any] = {"decided_by": facts.domain}
        try:
            if facts.domain and not _MAIL_DOMAIN.match(facts.domain):
                raise TermError(
                    Result.NONE, f"{cut(facts.domain, longest=80)!r} has characters that no mail domain has"
                )
            found = yield from self._visit(facts, None, 0)
        except TermError as error:
            about |= {"result": error.result, "reason": error.reason, "term": error.term}
            about["decided_by"] = error.domain or facts.domain
        else:
            about |= {"result": found.result, "reason": _reason(found), "term": found.term}
            about["decided_by"] = found.facts.domain
            if found.result is Result.FAIL:
                about["explanation"] = yield from self._explanation(found)
        return SpfResult(
            ip=facts.ip,
            identity=identity,
            sender=facts.sender,
            domain=facts.domain,
            helo=facts.helo,
            receiver=facts.receiver,
            lookups=self._tally.lookups,
            voids=self._tally.voids,
            visits=tuple(visit for visit in self._visits if visit),
            checks_local_part=self._checks_local_part and identity is Identity.MAIL_FROM,
            **about,
        )

    def _visit(self, facts: Facts, by: Matched | None, depth: int) -> Check[_Found]:
        """Evaluate the record of one domain, and note down that it was."""
        place = len(self._visits)
        self._visits.append(None)
        visit: dict[str, Any] = {"domain": facts.domain, "by": by, "depth": depth}
        try:
            found = yield from self._evaluate(facts, depth)
        except TermError as error:
            self._visits[place] = Visit(result=error.result, term=error.term, **visit)
            raise
        self._visits[place] = Visit(result=found.result, term=found.term, **visit)
        return found

    def _evaluate(self, facts: Facts, depth: int) -> Check[_Found]:
        record = yield from _record(facts.domain)
        self._checks_local_part |= _checks_local_part(record)
        for term in record.mechanisms:
            self._tally.count(term, facts.domain)
            if term.kind == "include":
                is_match = yield from self._include(term, facts, depth)
            else:
                is_match = yield from matches(term, facts, self._tally)
            if is_match:
                return _Found(result=Result.of(term.qualifier), facts=facts, term=term, record=record)
        if record.redirect is None:
            return _Found(result=Result.NEUTRAL, facts=facts, record=record)
        self._tally.count(record.redirect, facts.domain)
        return (yield from self._follow(record.redirect, facts, depth))

    def _include(self, term: Mechanism, facts: Facts, depth: int) -> Check[bool]:
        found = yield from self._follow(term, facts, depth)
        return found.result is Result.PASS

    def _follow(self, term: Matched, facts: Facts, depth: int) -> Check[_Found]:
        """Evaluate the record that an include or a redirect leads to: that there is none is an error (5.2, 6.1)."""
        name = yield from target_of(term, facts, self._tally)
        try:
            return (yield from self._visit(attrs.evolve(facts, domain=name or ""), term, depth + 1))
        except TermError as error:
            if error.result is not Result.NONE:
                raise
            raise TermError(Result.PERMERROR, error.reason, facts.domain, term) from None

    def _explanation(self, found: _Found) -> Check[str]:
        """What the domain says about a fail, or else the default (RFC 7208, 6.2)."""
        facts = found.facts
        default = f"{facts.ip} may not send for {facts.domain}" if self._default is None else self._default
        exp = next((term for term in found.record.terms if isinstance(term, Modifier) and term.name == "exp"), None)
        if exp is None:
            return default
        name = yield from target_of(exp, facts, Tally())  # outside the limits: "the exp modifier does not count"
        outcome: Outcome | None = None
        if name and not name_fault(name):
            outcome = yield from ask(Query(name, "TXT"))
        if not isinstance(outcome, Answer) or len(outcome.values) != 1:
            return default
        text = outcome.values[0]
        if macros.asks_for_name(text):
            facts = yield from named(facts, Tally())
        said = macros.explanation(text, facts)
        return default if said is None else said  # explain-string may be empty (7.1)


def _record(domain: str) -> Check[Record]:
    """The SPF record of a domain (RFC 7208, 4.3 to 4.6)."""
    fault = _domain_fault(domain)
    shown = cut(domain, longest=80)
    if fault:
        raise TermError(Result.NONE, f"{shown!r} {fault}")
    outcome = yield from ask(Query(domain, "TXT"))
    if isinstance(outcome, Failure):
        raise TermError(Result.TEMPERROR, f"the record of {shown} is not known: {outcome}", domain)
    texts = list(filter(is_spf, outcome.values)) if isinstance(outcome, Answer) else []
    if not texts:
        raise TermError(Result.NONE, f"{shown} has no SPF record", domain)
    if len(texts) > 1:
        raise TermError(Result.PERMERROR, f"{shown} has {len(texts)} SPF records where one is allowed", domain)
    record = _parsed(texts[0])
    if record.broken:
        wrong = record.broken[0]
        reason = f"the record of {shown} cannot be read: {cut(wrong.text, longest=40)!r} {wrong.reason}"
        raise TermError(Result.PERMERROR, reason, domain)
    return record


def _checks_local_part(record: Record) -> bool:
    """Whether a record has "explicit provisions for authenticating the local-part" (RFC 8601, 2.7.2)."""
    texts = [term.target for term in record.mechanisms] + [record.redirect.value if record.redirect else ""]
    return any(macros.asks_for_local_part(text) for text in texts if text)


_parsed = lru_cache(maxsize=64)(Record.parse)
"""Whoever compares records evaluates the same few for thousands of addresses."""


def _reason(found: _Found) -> str:
    ip, domain = found.facts.ip, cut(found.facts.domain, longest=80)
    says = {
        Result.PASS: f"{domain} lets {ip} send",
        Result.FAIL: f"{domain} does not let {ip} send",
        Result.SOFTFAIL: f"{domain} probably does not let {ip} send",
    }.get(found.result, f"{domain} says nothing about {ip}")
    return f"{says} ({cut(str(found.term), longest=80)})" if found.term else says
