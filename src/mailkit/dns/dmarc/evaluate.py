"""Does a letter pass DMARC, and what is asked for it if not (RFC 9989, 5.3)?

The names of all walks are asked at once: those of From's domain and those of the authenticated
domains. A question without an answer makes a temperror only if another answer could have
changed the verdict: a walk that cannot matter is not waited for in vain.

Section numbers in this module are of RFC 9989.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

import attrs

from mailkit.address import Domain
from mailkit.dns.dmarc.record import Alignment, Policy
from mailkit.dns.dmarc.verdict import Aligned, Identifier, Result, Verdict, ascii_domain, shown
from mailkit.dns.dmarc.walk import Discovery, discover, organization, pairs_of_organizations
from mailkit.dns.drive import DEADLINE, run, run_sync
from mailkit.dns.lookup import Check, Malformed, Resolver, each, together
from mailkit.errors import InvalidValue

__all__ = ["evaluate", "evaluate_sync", "questions"]

_Method: TypeAlias = Literal["spf", "dkim"]
_Held: TypeAlias = tuple[_Method, Identifier]

_MOST_WALKS: Final = 16
"""Authenticated domains whose organization is asked for: a letter may bear any number of signatures."""
_WORST_FIRST: Final = (Result.FAIL, Result.TEMPERROR, Result.PERMERROR, Result.NONE, Result.PASS)


async def evaluate(
    from_domain: str | Domain | Iterable[str | Domain],
    *,
    spf: Identifier | None = None,
    dkim: Iterable[Identifier] = (),
    most_from_domains: int = 1,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """Evaluate DMARC for one letter, from what SPF and DKIM found about it.

    Args:
        from_domain: The domain of the From field; a list where there are none or several, as
            `mailkit.dns.authors.from_domains` gives.
        spf: The domain of MAIL FROM and SPF's result; None if it was not checked.
        dkim: For each signature the domain of d= and its result.
        most_from_domains: How many domains in From are evaluated. A letter with none, or with more, is a
            permerror: it is outside of DMARC, and often an attack. Where several are allowed, the strictest
            policy among those that fail is asked for (11.5).
        resolver: Whom to ask; an `AsyncResolver` by default. A dict will do.
        deadline: After how long to say what is known by then.

    Raises:
        InvalidValue: An argument is of the wrong kind; never for what a letter or the DNS says.
        ResolverError: No name server is configured on this machine, and none was given.

    >>> import asyncio
    >>> zone = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=reject"]}
    >>> spf = Identifier(domain="bounces.example.com", result="pass")
    >>> verdict = asyncio.run(evaluate("news.example.com", spf=spf, resolver=zone))
    >>> print(verdict.statement)
    dmarc=pass policy.dmarc=reject header.from=news.example.com
    >>> verdict.reasons[-1]
    'SPF passed for bounces.example.com, which is of the same organization, example.com'
    """
    asking = questions(from_domain, spf=spf, dkim=dkim, most_from_domains=most_from_domains)
    return await run(asking, resolver=resolver, deadline=deadline)


def evaluate_sync(
    from_domain: str | Domain | Iterable[str | Domain],
    *,
    spf: Identifier | None = None,
    dkim: Iterable[Identifier] = (),
    most_from_domains: int = 1,
    resolver: Resolver | Mapping[Any, Any] | None = None,
    deadline: timedelta = DEADLINE,
) -> Verdict:
    """`evaluate` for places without `await`: scripts, threads, and also notebooks.

    >>> zone = {("_dmarc.example.com", "TXT"): ["v=DMARC1; p=quarantine; adkim=s"]}
    >>> signed = Identifier(domain="mail.example.com", result="pass", selector="s1")
    >>> verdict = evaluate_sync("example.com", dkim=[signed], resolver=zone)
    >>> verdict.disposition
    <Policy.QUARANTINE: 'quarantine'>
    >>> verdict.reasons[-1]
    'DKIM passed for mail.example.com, which is not example.com itself, as adkim=s asks'
    """
    asking = questions(from_domain, spf=spf, dkim=dkim, most_from_domains=most_from_domains)
    return run_sync(asking, resolver=resolver, deadline=deadline)


def questions(
    from_domain: str | Domain | Iterable[str | Domain],
    *,
    spf: Identifier | None = None,
    dkim: Iterable[Identifier] = (),
    most_from_domains: int = 1,
) -> Check[Verdict]:
    """The evaluation as a check for `mailkit.dns.drive.run`; arguments and errors as `evaluate`.

    >>> check = questions("example.com")
    >>> next(check) is not None
    True
    """
    domains = _domains(from_domain)
    held = _held(spf, dkim)
    if isinstance(most_from_domains, bool) or not isinstance(most_from_domains, int) or most_from_domains < 1:
        raise InvalidValue("most_from_domains", most_from_domains, "is not a number from 1 up")
    return _evaluate(domains, held, most_from_domains)


def _domains(given: str | Domain | Iterable[str | Domain]) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str | Domain) or not isinstance(given, Iterable) else list(given)
    for domain in listed:
        if not isinstance(domain, str | Domain):
            raise InvalidValue("from_domain", domain, "is not a domain", "write 'example.com'")
    return tuple(str(domain) for domain in listed)


def _held(spf: Identifier | None, dkim: Iterable[Identifier]) -> tuple[_Held, ...]:
    mend = "write Identifier(domain='example.com', result='pass')"
    if isinstance(dkim, str | Identifier) or not isinstance(dkim, Iterable):
        raise InvalidValue("dkim", dkim, "is not a list of identifiers", f"put it into a list; {mend}")
    held: list[_Held] = [("spf", spf)] if spf is not None else []
    held += [("dkim", signed) for signed in dkim]
    for method, identifier in held:
        if not isinstance(identifier, Identifier):
            raise InvalidValue(method, identifier, "is not an identifier", mend)
    return tuple(held)


def _evaluate(domains: tuple[str, ...], held: tuple[_Held, ...], most: int) -> Check[Verdict]:
    if not domains:
        return Verdict(result=Result.PERMERROR, reasons=("From names no domain, so that DMARC cannot be evaluated",))
    if len(domains) > most:
        named = ", ".join(shown(domain) for domain in domains[:5])
        reason = f"From names {len(domains)} domains where one is expected, so that DMARC is not evaluated: {named}"
        return Verdict(result=Result.PERMERROR, reasons=(reason,))
    parts = yield from each([_one(domain, held) for domain in dict.fromkeys(domains)])
    if len(parts) == 1:
        return parts[0]
    worst = min(parts, key=lambda part: _WORST_FIRST.index(part.result))
    failing = [part.disposition for part in parts if part.result is Result.FAIL]
    return Verdict(
        result=worst.result,
        disposition=max(failing, key=lambda policy: policy.rank, default=Policy.NONE),
        reasons=tuple(f"{part.domain or 'From'}: {reason}" for part in parts for reason in part.reasons),
        parts=parts,
    )


def _one(given: str, held: tuple[_Held, ...]) -> Check[Verdict]:
    domain = ascii_domain(given)
    if not domain:
        return Verdict(result=Result.PERMERROR, reasons=(f"From's domain {shown(given)} cannot be a domain",))
    others = _to_walk(domain, held)
    found, walks = yield from together(discover(domain), each(map(organization, others)))
    return _judge(domain, found, held, dict(zip(others, walks, strict=True)))


def _to_walk(domain: str, held: tuple[_Held, ...]) -> tuple[str, ...]:
    """The domains that may be of the same organization, the nearest first, those that passed before others."""
    shared = {
        identifier.domain: _shared_labels(identifier.domain, domain)
        for _, identifier in held
        if (identifier.is_authenticated or identifier.is_unanswered) and identifier.domain != domain
    }
    passed = {identifier.domain for _, identifier in held if identifier.is_authenticated}
    found = (name for name, count in shared.items() if count)
    near = sorted(found, key=lambda name: (name not in passed, -shared[name], name))
    return tuple(near[:_MOST_WALKS])


def _shared_labels(one: str, other: str) -> int:
    """How many labels two domains share at their ends."""
    pairs = zip(reversed(one.split(".")), reversed(other.split(".")), strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(one.count("."), other.count(".")) + 1)


def _judge(domain: str, found: Discovery, held: Sequence[_Held], walks: Mapping[str, Discovery]) -> Verdict:
    """The verdict from what was found: first which record applies (4.10.1), then alignment (4.10.2)."""
    if found.unanswered:
        return _unknown(domain, found)
    record = found.applied.record if found.applied else None
    if record is None or found.applied is None or found.policy is None:
        reason = f"no DMARC record applies to {domain}"
        if found.applied:
            reason = f"the record of {found.applied.domain} has no policy that can be read and no rua, so that DMARC"
            reason += " is not applied (4.10.1)"
        return Verdict(result=Result.NONE, domain=domain, discovery=found, reasons=(reason,))
    modes = {"spf": record.aspf, "dkim": record.adkim}
    aligned = tuple(_align(method, one, domain, modes[method], found, walks) for method, one in held)
    policy = f"the record of {found.applied.domain} applies: {found.tag}={found.policy.value}"
    reasons = (policy, *(one.reason for one in aligned)) if aligned else (policy, "neither SPF nor DKIM was checked")
    whole = Verdict(result=Result.PASS, domain=domain, discovery=found, alignments=aligned, reasons=reasons)
    if whole.aligned:
        return _because(whole, Result.PASS, Policy.NONE, ())
    if any(one.is_aligned is None for one in aligned):
        hangs = "whether an aligned domain passed hangs on a question without an answer (5.3.6)"
        return _because(whole, Result.TEMPERROR, Policy.NONE, (hangs,))
    if not found.is_settled:
        return _because(whole, Result.TEMPERROR, Policy.NONE, (f"whether {domain} exists is not known",))
    if record.is_testing and found.policy is not Policy.NONE:
        milder = found.policy.milder
        testing = f"the policy is being tested (t=y), so that {milder.value} is asked for"
        return _because(whole, Result.FAIL, milder, (testing,))
    return _because(whole, Result.FAIL, found.policy, ())


def _because(verdict: Verdict, result: Result, disposition: Policy, reasons: tuple[str, ...]) -> Verdict:
    return attrs.evolve(verdict, result=result, disposition=disposition, reasons=(*verdict.reasons, *reasons))


def _unknown(domain: str, found: Discovery) -> Verdict:
    """Which record applies is not known: "the message cannot be considered to pass or fail" (5.3.6)."""
    missing = found.unanswered
    will_last = all(isinstance(level.outcome, Malformed) for level in missing)
    reasons = tuple(f"whether {level.name} has a record is not known: {level.outcome}" for level in missing)
    result = Result.PERMERROR if will_last else Result.TEMPERROR
    return Verdict(result=result, domain=domain, discovery=found, reasons=reasons)


def _align(
    method: _Method,
    identifier: Identifier,
    domain: str,
    mode: Alignment,
    found: Discovery,
    walks: Mapping[str, Discovery],
) -> Aligned:
    """How one identifier stands to From's domain (4.4, 4.10.2)."""
    name, what = identifier.domain, f"{method.upper()} passed for {identifier.domain}"
    organizational, is_aligned = "", False
    if identifier.is_unanswered:
        passed = attrs.evolve(identifier, result="pass")
        return _unanswered(identifier, _align(method, passed, domain, mode, found, walks))
    if not identifier.is_authenticated:
        reason = _not_authenticated(method, identifier)
    elif name == domain:
        organizational, is_aligned, reason = found.organizational, True, f"{what}, which is From's domain"
    elif mode is Alignment.STRICT:
        tag = {"spf": "aspf", "dkim": "adkim"}[method]
        reason = f"{what}, which is not {domain} itself, as {tag}=s asks"
    elif not _shared_labels(name, domain):
        reason = f"{what}, which has nothing in common with {domain}"
    elif name not in walks:
        reason = f"{what}, which was not looked at: more than {_MOST_WALKS} domains passed that are nearer to {domain}"
    else:
        return _relaxed(method, identifier, what, found, walks[name])
    return Aligned(
        method=method,
        identifier=identifier,
        mode=mode,
        is_aligned=is_aligned,
        organizational=organizational,
        reason=reason,
    )


def _unanswered(identifier: Identifier, passed: Aligned) -> Aligned:
    """What a check without an answer leaves open: nothing, where not even a pass would have been aligned."""
    reason = _not_authenticated(passed.method, identifier)
    if passed.is_aligned is not False:
        reason += ", which would be aligned, or may be, if it passed"
    is_aligned = False if passed.is_aligned is False else None
    return attrs.evolve(passed, identifier=identifier, is_aligned=is_aligned, reason=reason)


def _relaxed(method: _Method, identifier: Identifier, what: str, found: Discovery, walk: Discovery) -> Aligned:
    """Relaxed alignment: the organizational domains are the same (3.2.10.1)."""
    pairs = pairs_of_organizations(found, walk)
    same = {ours == theirs for ours, theirs in pairs}
    is_aligned = same == {True} if len(same) == 1 else None
    organizational = walk.organizational if len(pairs) == 1 else ""
    if is_aligned is None:
        reason = f"{what}, and whether it is of the same organization is not known"
    elif is_aligned:
        reason = f"{what}, which is of the same organization, {organizational or 'whichever that is'}"
    else:
        reason = f"{what}, which is of another organization than {found.own.domain}"
        if organizational:
            reason = f"{what}, which is of the organization {organizational}, and not of {found.organizational}"
    return Aligned(
        method=method,
        identifier=identifier,
        mode=Alignment.RELAXED,
        is_aligned=is_aligned,
        organizational=organizational,
        reason=reason,
    )


def _not_authenticated(method: str, identifier: Identifier) -> str:
    what = f"{method.upper()} gave {shown(identifier.result)[1:-1] or 'nothing'} for {shown(identifier.domain)[1:-1]}"
    if identifier.result != "pass":
        return what
    if identifier.identity == "helo":
        return f"{what}, the name of HELO, which does not count (4.4.2)"
    return f"{what}, which cannot be a domain"
