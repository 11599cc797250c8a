"""What was seen of a domain, held against the demands of mailbox providers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mailkit.dns import return_paths
from mailkit.dns.dmarc.external import report_host
from mailkit.dns.dmarc.verdict import Result
from mailkit.dns.readiness import Fact
from mailkit.dns.sample import Sample
from mailkit.dns.survey import Letter, Seen
from mailkit.findings import Finding, Severity

__all__ = ["FREE_MAIL", "facts"]

FREE_MAIL: Final = frozenset(
    re.findall(
        r"\S+",
        "gmail.com googlemail.com yahoo.com ymail.com aol.com outlook.com hotmail.com live.com msn.com icloud.com "
        "me.com mac.com mail.ru inbox.ru list.ru bk.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru gmx.de "
        "gmx.net web.de mail.com proton.me protonmail.com zoho.com qq.com 163.com 126.com",
    )
)
"""Domains of free mailboxes, whose owners allow nobody else to send as them."""

_GIVE_SAMPLE: Final = "give a letter as it was received: sample="
_GIVE_ADDRESSES: Final = "give the addresses that letters leave from: sends_through="
_COMPLAINTS: Final = "the provider's postmaster pages tell how many complain"


def facts(seen: Seen, findings: Sequence[Finding]) -> tuple[Fact, ...]:
    """One fact for each demand.

    Args:
        seen: What there is about the domain.
        findings: What is to be said about it.
    """
    spf, dkim = _spf(seen, findings), _keys(seen, findings)
    return (
        spf,
        dkim,
        _either(spf, dkim),
        _area("dmarc", findings),
        _aligned(seen.letter),
        _reported(seen, findings),
        _reverse(seen, findings),
        Fact(demand="own-from", holds=seen.wish.domain.ascii not in FREE_MAIL, mend="write from a domain of your own"),
        _answerable(findings),
        Fact(demand="complaints", holds=None, evidence=_COMPLAINTS),
        *_of_sample(seen.wish.sample),
    )


def _worst(findings: Iterable[Finding], *starts: str) -> Finding | None:
    of_area = (finding for finding in findings if finding.code.removeprefix("dns.").startswith(starts))
    return next((finding for finding in of_area if finding.severity is Severity.ERROR), None)


def _unseen(findings: Iterable[Finding], *starts: str) -> Finding | None:
    codes = tuple(f"dns.{start}" for start in starts)
    return next((one for one in findings if one.code.startswith(codes) and one.code.endswith("unanswered")), None)


def _area(area: str, findings: Sequence[Finding]) -> Fact:
    """Whether an area has no error; unknown if a question is open that matters to it."""
    error = _worst(findings, f"{area}-")
    if error:
        return Fact(demand=area, holds=False, evidence=error.message, mend=error.mend)
    unseen = _unseen(findings, "dmarc-unanswered" if area == "dmarc" else f"{area}-")
    if unseen:
        return Fact(demand=area, holds=None, evidence=unseen.message)
    return Fact(demand=area, holds=True)


def _spf(seen: Seen, findings: Sequence[Finding]) -> Fact:
    """What SPF says where receivers look at it: at the return path, if there is a letter that shows it."""
    own = _area("spf", findings)
    return return_paths.fact(seen.letter, own, findings) if seen.letter else own


def _keys(seen: Seen, findings: Sequence[Finding]) -> Fact:
    if seen.letter:
        fact = _signed(seen.letter, findings)
        if fact:
            return fact
    no_rsa = next((one for one in findings if one.code == "dns.dkim-no-rsa"), None)
    if no_rsa and not _worst(findings, "dkim-"):
        return Fact(demand="dkim", holds=None, evidence=no_rsa.message)
    if seen.guesses is not None:
        found = ", ".join(key.selector for key in seen.keys)
        hint = "give selectors=, or a letter: sample="
        evidence = f"keys were guessed and found: {found}" if found else f"no key was found by guessing; {hint}"
        return Fact(demand="dkim", holds=True if found and not _worst(findings, "dkim-") else None, evidence=evidence)
    return _area("dkim", findings)


def _signed(letter: Letter, findings: Sequence[Finding]) -> Fact | None:
    """What the letter's signatures show; None if their keys were not told."""
    results = letter.verification.results
    if not results:
        return Fact(
            demand="dkim", holds=False, evidence="the letter is not signed", mend="sign letters before they leave"
        )
    passing = [one for one in results if one.passes]
    if any(one.signature.algorithm.startswith("rsa") for one in passing):
        return Fact(demand="dkim", holds=True, evidence=f"signed by {', '.join(letter.verification.domains)}")
    if passing:
        evidence = "the letter is signed with Ed25519 alone, which many receivers do not know"
        return Fact(demand="dkim", holds=None, evidence=evidence)
    if _unseen(findings, "dkim-"):
        return None
    reasons = [reason.message for one in results for reason in one.reasons[:1]]
    mend = "see the findings about its signatures"
    return Fact(demand="dkim", holds=False, evidence="; ".join(reasons[:2]), mend=mend)


def _either(spf: Fact, dkim: Fact) -> Fact:
    holds = True if spf.holds or dkim.holds else None if None in (spf.holds, dkim.holds) else False
    return Fact(demand="spf-or-dkim", holds=holds, evidence="" if holds else spf.evidence, mend=spf.mend)


def _aligned(letter: Letter | None) -> Fact:
    if letter is None:
        return Fact(demand="aligned", holds=None, evidence=_GIVE_SAMPLE)
    verdict = letter.verdict
    evidence = verdict.reasons[-1] if verdict.reasons else ""
    near = [one for one in verdict.alignments if one.is_aligned]
    if near or verdict.result is Result.PASS:
        return Fact(demand="aligned", holds=True, evidence=evidence)
    is_open = verdict.result is Result.TEMPERROR or any(one.is_aligned is None for one in verdict.alignments)
    mend = "sign with the domain of From, or let the return path be of that domain"
    return Fact(demand="aligned", holds=None if is_open else False, evidence=evidence, mend=mend)


def _reported(seen: Seen, findings: Sequence[Finding]) -> Fact:
    applied = seen.dmarc_walk.applied
    if applied is None or applied.record is None:
        return Fact(demand="rua", holds=None if seen.dmarc_walk.unanswered else False, mend="publish a DMARC record")
    lost = next((one for one in findings if one.code == "dns.dmarc-rua-unreachable"), None)
    name = seen.wish.domain.ascii
    if lost and all(report_host(uri) == name for uri in applied.record.rua):
        return Fact(demand="rua", holds=False, evidence=lost.message, mend=lost.mend)
    return Fact(demand="rua", holds=bool(applied.record.rua), mend="add rua= to the DMARC record")


def _reverse(seen: Seen, findings: Sequence[Finding]) -> Fact:
    if not seen.wish.addresses:
        return Fact(demand="ptr", holds=None, evidence=_GIVE_ADDRESSES)
    wrong = next(
        (one for one in findings if one.code.startswith("dns.ptr-") and one.severity is not Severity.INFO), None
    )
    if wrong and wrong.code.endswith("unanswered"):
        return Fact(demand="ptr", holds=None, evidence=wrong.message)
    return Fact(
        demand="ptr",
        holds=wrong is None,
        evidence=wrong.message if wrong else "",
        mend=wrong.mend if wrong else "",
    )


def _answerable(findings: Sequence[Finding]) -> Fact:
    error, open_end = _worst(findings, "mx-"), _unseen(findings, "mx-")
    if error:
        return Fact(demand="answerable", holds=False, evidence=error.message, mend=error.mend)
    return Fact(demand="answerable", holds=None if open_end else True, evidence=open_end.message if open_end else "")


def _of_sample(sample: Sample | None) -> Iterator[Fact]:
    words = ("tls", "form", "list-unsubscribe", "one-click", "unsubscribe-link")
    if sample is None:
        yield from (Fact(demand=word, holds=None, evidence=_GIVE_SAMPLE) for word in words)
        return
    unknown = "the letter has no Received of its receiver"
    yield Fact(
        demand="tls",
        holds=sample.came_by_tls,
        evidence=unknown if sample.came_by_tls is None else "",
        mend="let the sending server use STARTTLS",
    )
    fault = sample.faults[0][0] if sample.faults else ""
    yield Fact(demand="form", holds=not fault, evidence=fault, mend="mend the program that makes the letter")
    yield Fact(demand="list-unsubscribe", holds=bool(sample.list_unsubscribe), mend="add List-Unsubscribe")
    yield Fact(
        demand="one-click",
        holds=sample.is_one_click and sample.one_click_is_signed,
        evidence="List-Unsubscribe is not signed" if sample.is_one_click and not sample.one_click_is_signed else "",
        mend="add List-Unsubscribe with an https URI and List-Unsubscribe-Post, and sign both",
    )
    yield Fact(
        demand="unsubscribe-link",
        holds=sample.has_unsubscribe_link or None,
        evidence="" if sample.has_unsubscribe_link else "no such link was seen in the letter; look whether it has one",
    )
