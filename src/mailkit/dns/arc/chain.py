"""Whether an ARC chain holds (RFC 8617, 5.2), given the keys. Asks nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

import attrs

from mailkit.dns.arc.sets import ArcSet
from mailkit.dns.dkim.canonical import covered, relaxed_field, without_signature
from mailkit.dns.dkim.crypto import fitting
from mailkit.dns.dkim.effort import Efforts
from mailkit.dns.dkim.judge import answer_fault, judge, key_fault
from mailkit.dns.dkim.key import Found, Record
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.signature import Signature
from mailkit.dns.tags import plain
from mailkit.findings import Finding, Place, Severity

__all__ = ["Chain", "Keys", "Result", "broken_chain", "judge_chain"]

_MOST_KEYS: Final = 4
_LONGEST_MESSAGE: Final = 1000

Keys: TypeAlias = Mapping[tuple[str, str], Found]
"""What is published for each domain and selector."""


class Result(StrEnum):
    """What is said about a chain (RFC 8617, 4.4)."""

    NONE = "none"
    """There is none."""
    PASS = "pass"  # noqa: S105 - a word of the RFC, no password
    """It holds."""
    FAIL = "fail"
    """It does not, and never will: even a key that could not be had now is a failure (5.2.1)."""


@attrs.frozen(kw_only=True)
class Chain:
    """What came of validating the ARC sets of a mail.

    Attributes:
        result: The result in one word.
        sets: The sets, the first forwarder's first; empty if they could not be gathered.
        reasons: Why the chain does not hold; empty otherwise.
        oldest_pass: The instance from which on nobody has changed the mail; 0 if nobody has since the first one
            signed it, None if the chain does not hold.
        difference: What has changed since the last forwarder signed the mail; empty if nothing explains it.

    >>> print(Chain(result=Result.NONE))
    none: no forwarder has sealed the mail
    """

    result: Result
    sets: tuple[ArcSet, ...] = ()
    reasons: tuple[Finding, ...] = ()
    oldest_pass: int | None = None
    difference: str = ""

    @property
    def passes(self) -> bool:
        """Whether the chain holds. That says nothing about whether its forwarders are to be believed."""
        return self.result is Result.PASS

    @property
    def domains(self) -> tuple[str, ...]:
        """Who has sealed the mail, the first one first."""
        return tuple(one.domain for one in self.sets)

    @property
    def authentication_results(self) -> str:
        """Its part of an Authentication-Results field (RFC 8617, 10.1 and 10.2)."""
        return f"arc={self.result}" + (
            f" header.oldest-pass={self.oldest_pass}" if self.oldest_pass is not None else ""
        )

    def __str__(self) -> str:
        if self.result is Result.NONE:
            return "none: no forwarder has sealed the mail"
        told = [reason.message for reason in self.reasons] or [f"sealed by {', '.join(self.domains)}"]
        return f"{self.result}: {'; '.join(told)}"


def broken_chain(fault: str, sets: tuple[ArcSet, ...] = ()) -> Chain:
    """The chain that fails as a text, before any key is asked for.

    >>> print(broken_chain("there are two ARC-Seal of instance 1"))
    fail: there are two ARC-Seal of instance 1
    """
    return Chain(result=Result.FAIL, sets=sets, reasons=(_say("structure", fault, None, "RFC 8617, 5.2"),))


def judge_chain(mail: Mail, sets: Sequence[ArcSet], keys: Keys, now: datetime) -> Chain:
    """Validate the signatures of sets that are right as texts (5.2, steps 4 to 7).

    Of message signatures only the newest has to be: another one that cannot be read "does not affect the
    validity" of the chain (step 5A).
    """
    last = sets[-1]
    signatures = [one.message_signature for one in sets]
    newest = judge(mail, signatures[-1], keys[_place(signatures[-1])], now, efforts=Efforts())
    passes = [_passes(mail, one, keys, now) for one in signatures[:-1]]
    passes.append(newest.passes)
    seals = [_seal_fault(sets[: number + 1], keys) for number in range(len(sets))]
    judged = tuple(
        attrs.evolve(one, message_passes=message, seal_passes=not fault)
        for one, message, fault in zip(sets, passes, seals, strict=True)
    )
    reasons = [
        _say(f"message-{reason.code.removeprefix('dns.dkim-')}", f"message signature: {reason.message}", last)
        for reason in newest.reasons
    ]
    reasons += [
        _say(f"seal-{fault[0]}", f"seal: {fault[1]}", one)
        for one, fault in zip(reversed(sets), reversed(seals), strict=True)
        if fault
    ]
    if reasons:
        return Chain(result=Result.FAIL, sets=judged, reasons=tuple(reasons), difference=newest.difference)
    return Chain(result=Result.PASS, sets=judged, oldest_pass=_oldest_pass(passes))


def _passes(mail: Mail, signature: Signature, keys: Keys, now: datetime) -> bool:
    return signature.is_readable and judge(mail, signature, keys[_place(signature)], now).passes


def _oldest_pass(passes: Sequence[bool]) -> int:
    """The lowest instance from which on all message signatures hold; 0 if all do (5.2, step 5)."""
    failing = [number for number, passed in enumerate(passes, 1) if not passed]
    return failing[-1] + 1 if failing else 0


def _seal_fault(sets: Sequence[ArcSet], keys: Keys) -> tuple[str, str] | None:
    """Why the seal of the last of some sets does not hold: a word and a sentence; None if it does."""
    seal = sets[-1].seal
    if seal.algorithm == "rsa-sha1":
        return "sha1", "it is made with SHA-1, which counts no more"
    found = keys[_place(seal)]
    fault = answer_fault(found)
    if fault:
        return fault.code, fault.message
    sealed = _sealed(sets)
    faults = [_key_trouble(Record.parse(text), seal, sealed) for text in found.texts[:_MOST_KEYS]]
    return None if None in faults else faults[0]


def _key_trouble(key: Record, seal: Signature, sealed: bytes) -> tuple[str, str] | None:
    fault = key_fault(key, seal.algorithm)
    if fault:
        return fault.code, fault.message
    fits = fitting(key, seal.value)
    if fits is None:
        return "key-syntax", "the key is larger than anyone computes with"
    return None if fits(sealed) else ("changed", "the ARC fields are not as they were sealed")


def _sealed(sets: Sequence[ArcSet]) -> bytes:
    """What a seal covers: all fields of the sets up to its own, in order, the seal itself without b= (5.1.1)."""
    *before, own = [field for one in sets for field in one.fields]
    return covered(map(relaxed_field, before), relaxed_field(without_signature(own)))


def _place(signature: Signature) -> tuple[str, str]:
    return signature.domain, signature.selector


def _say(word: str, message: str, one: ArcSet | None, source: str = "RFC 8617, 5.2") -> Finding:
    place = Place(source=f"ARC set {one.instance} of {one.domain}") if one else Place(source="ARC sets")
    told = plain(f"instance {one.instance}: {message}" if one else message, longest=_LONGEST_MESSAGE)
    return Finding(code=f"dns.arc-{word}", severity=Severity.WARNING, message=told, place=place, source=source)
