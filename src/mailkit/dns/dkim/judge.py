"""What one signature is worth, given its key (RFC 6376, 6.1; RFC 8301 and 8463). Asks nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from hmac import compare_digest
from typing import Final

import attrs

from mailkit.dns.dkim.canonical import FIELDS, choose, covered, without_signature
from mailkit.dns.dkim.crypto import Fits, fitting
from mailkit.dns.dkim.effort import Efforts
from mailkit.dns.dkim.explain_body import explain_body
from mailkit.dns.dkim.explain_header import explain_header
from mailkit.dns.dkim.key import Found, Record, is_harmless
from mailkit.dns.dkim.mail import Mail
from mailkit.dns.dkim.result import Result, SignatureResult
from mailkit.dns.dkim.signature import Signature
from mailkit.dns.lookup import Answer, Failure
from mailkit.dns.tags import cut, plain
from mailkit.findings import Finding, Place, Severity

__all__ = ["Hit", "answer_fault", "judge", "key_fault"]

_LEAST_BITS: Final = 1024
"""Shorter keys count no more (RFC 8301, 3.2)."""
_GOOD_BITS: Final = 2048
_MOST_KEYS: Final = 4
"""Of several keys at one name, which the RFC leaves undefined, so many are tried (6.1.2)."""

_LONGEST_MESSAGE: Final = 1000

_UNEXPLAINED: Final = ("how, was not looked for", "")


@attrs.frozen
class Hit:
    """One reason why a signature does not pass.

    Attributes:
        result: The result that it leads to.
        code: The word for it.
        message: What is the matter.
        source: Whose rule it is.
        evidence: What was found; empty if the message says it.

    >>> Hit(Result.PERMERROR, "key-revoked", "the key is revoked: its p= is empty", "RFC 6376, 6.1.2").code
    'key-revoked'
    """

    result: Result
    code: str
    message: str
    source: str
    evidence: str = ""


@attrs.frozen
class _Case:
    """What is judged, and how."""

    mail: Mail
    signature: Signature
    now: datetime
    efforts: Efforts | None


def judge(
    mail: Mail, signature: Signature, found: Found | None, now: datetime, *, efforts: Efforts | None = None
) -> SignatureResult:
    """The result of one signature.

    Args:
        mail: The mail.
        signature: One of its signatures.
        found: What is published for its selector; None if it was not asked for, as the signature cannot be read.
        now: The moment by which it may have expired.
        efforts: What may be spent on looking for what has changed, which costs more than all the rest; all
            signatures of a mail share it. None not to look at all.

    >>> from mailkit.dns.headers import Field
    >>> signature = Signature.read(Field(b"DKIM-Signature: v=1; a=rsa-sha512"))
    >>> judge(Mail(fields=(), body=b""), signature, None, datetime.max).result
    <Result.NEUTRAL: 'neutral'>
    """
    if found is None:
        unread = [Hit(Result.NEUTRAL, "signature-syntax", fault, "RFC 6376, 3.5") for fault in signature.faults]
        return _result(signature, unread)
    fault = answer_fault(found)
    hits = [*_claims(mail, signature, now), *([fault] if fault else [])]
    case = _Case(mail, signature, now, efforts)
    keys: list[Record | None] = [Record.parse(text) for text in found.texts[:_MOST_KEYS]]
    results = [_with_key(case, key, hits) for key in keys or [None]]
    return next((result for result in results if result.passes), results[0])


def _claims(mail: Mail, signature: Signature, now: datetime) -> Iterator[Hit]:
    """What the signature says of itself, and of the mail as a whole."""
    odd = next((field.raw for field in mail.fields if not field.is_field), None)
    if odd is not None:
        line = cut(odd.decode("latin-1"), longest=60)
        message = "the header has a line that is no field, where some readers will see its end"
        yield Hit(Result.PERMERROR, "malformed", message, "RFC 6376, 3.8", line)
    if "from" not in signature.signed:
        yield Hit(Result.PERMERROR, "from-unsigned", "the field From is not signed, which it must be", "RFC 6376, 5.4")
    senders = len(mail.named("From"))
    if senders > max(1, signature.signed.count("from")):
        message = f"there are {senders} From fields, and the signature covers {signature.signed.count('from')}"
        yield Hit(Result.PERMERROR, "several-from", message, "RFC 6376, 8.15")
    if not _is_below(signature.identity_domain, signature.domain):
        message = f"the identity i={cut(signature.identity, longest=80)} is not of the domain d={signature.domain}"
        yield Hit(Result.PERMERROR, "identity", message, "RFC 6376, 6.1.1")
    if signature.algorithm == "rsa-sha1":
        yield Hit(Result.FAIL, "sha1", "the signature is made with SHA-1, which counts no more", "RFC 8301, 3.1")
    if signature.expires is not None and signature.expires < now:
        message = f"the signature expired at {signature.expires:%Y-%m-%d %H:%M:%S} UTC"
        yield Hit(Result.PERMERROR, "expired", message, "RFC 6376, 6.1.1")


def answer_fault(found: Found) -> Hit | None:
    """Why the question for a key has brought none; None if there is one.

    >>> from mailkit.dns.lookup import TimedOut
    >>> answer_fault(Found(selector="news", name="news._domainkey.example.com", outcome=TimedOut())).result
    <Result.TEMPERROR: 'temperror'>
    """
    if found.texts:
        return None
    if isinstance(found.outcome, Failure):
        message = f"the key at {found.name} could not be had: {found.outcome}"
        return Hit(Result.TEMPERROR, "key-unanswered", message, "RFC 6376, 6.1.2")
    if isinstance(found.outcome, Answer):
        return Hit(Result.PERMERROR, "key-not-one", f"what is at {found.name} is not a DKIM key", "RFC 6376, 3.6.1")
    return Hit(Result.PERMERROR, "key-absent", f"there is no key at {found.name}", "RFC 6376, 6.1.2")


def key_fault(key: Record, algorithm: str) -> Hit | None:
    """Why a key cannot verify signatures of this algorithm; None if it can.

    >>> key_fault(Record.parse("v=DKIM1; p="), "rsa-sha256").code
    'key-revoked'
    """
    kind, _, hashed = algorithm.partition("-")
    fatal = next((part for part in key.broken if not is_harmless(part)), None)
    if fatal is not None:
        message = f"the key record is invalid: {cut(fatal.text, longest=40)!r} {fatal.reason}"
        return Hit(Result.PERMERROR, "key-syntax", message, "RFC 6376, 3.6.1")
    if key.is_revoked:
        return Hit(Result.PERMERROR, "key-revoked", "the key is revoked: its p= is empty", "RFC 6376, 6.1.2")
    if key.algorithm != kind:
        message = f"the key is of the kind {key.algorithm!r}, the signature of {kind!r}"
        return Hit(Result.PERMERROR, "key-kind", message, "RFC 6376, 6.1.2")
    if key.hashes and hashed not in key.hashes:
        message = f"the key allows only the hashes {', '.join(key.hashes)}, not {hashed}"
        return Hit(Result.PERMERROR, "key-hash", message, "RFC 6376, 6.1.2")
    if not key.signs_mail:
        message = f"the key is for {', '.join(key.services)}, not for mail"
        return Hit(Result.PERMERROR, "key-service", message, "RFC 6376, 3.6.1")
    if key.bits is None:
        return Hit(Result.PERMERROR, "key-syntax", f"what p= holds is no {kind} key", "RFC 6376, 6.1.2")
    if kind == "rsa" and key.bits < _LEAST_BITS:
        message = f"the key has {key.bits} bits, and counts for nothing below {_LEAST_BITS}"
        return Hit(Result.FAIL, "key-weak", message, "RFC 8301, 3.2")
    return None


def _with_key(case: _Case, key: Record | None, hits: list[Hit]) -> SignatureResult:
    hits, signature = list(hits), case.signature
    fault = key_fault(key, signature.algorithm) if key else None
    if fault:
        hits.append(fault)
    if key and "s" in key.flags and signature.identity_domain != signature.domain:
        message = f"the key allows no subdomain (t=s), and the identity is of {signature.identity_domain}"
        hits.append(Hit(Result.PERMERROR, "identity", message, "RFC 6376, 3.6.1"))
    is_usable = key is not None and not fault and signature.algorithm != "rsa-sha1"
    fits = fitting(key, signature.value) if key and is_usable else None
    if is_usable and fits is None:
        hits.append(Hit(Result.PERMERROR, "key-syntax", "the key is larger than anyone computes with", "RFC 8301, 3.2"))
    differences = _differences(case, fits, hits)
    result = _result(signature, hits, bits=key.bits if key else None, difference=differences)
    return attrs.evolve(result, notices=tuple(_notices(case, key)))


def _differences(case: _Case, fits: Fits | None, hits: list[Hit]) -> str:
    """Compare the body and the fields with what was signed; what does not fit is added to the hits."""
    mail, signature = case.mail, case.signature
    body = mail.body_as(signature.body_form)
    found: list[str] = []
    has_hash = signature.algorithm != "rsa-sha1"  # of another hash nothing can be said
    if has_hash and signature.length is not None and signature.length > len(body):
        message = f"l={signature.length} is more than the {len(body)} bytes of the body"
        hits.append(Hit(Result.FAIL, "length", message, "RFC 6376, 3.5"))
    elif has_hash and not compare_digest(mail.body_hash(signature.body_form, signature.length), signature.body_hash):
        hint, difference = explain_body(mail, signature, case.efforts.body) if case.efforts else _UNEXPLAINED
        hashed = mail.body_hash(signature.body_form, signature.length)
        given, computed = (b64encode(one).decode("ascii") for one in (signature.body_hash, hashed))
        which = (
            "the body has" if signature.length is None else f"the first {signature.length} bytes of the body (l=) have"
        )
        message = f"{which} changed since it was signed: {hint}"
        hashes = f"bh={given}, computed {computed}"
        hits.append(Hit(Result.FAIL, "body-changed", message, "RFC 6376, 6.1.3", hashes))
        found.append(difference)
    if fits is not None and not fits(_covered(mail, signature)):
        efforts = case.efforts
        hint, difference = explain_header(mail, signature, fits, efforts.header) if efforts else _UNEXPLAINED
        message = f"the signed header fields are not as they were signed: {hint}"
        hits.append(Hit(Result.FAIL, "header-changed", message, "RFC 6376, 6.1.3"))
        found.append(difference)
    return "\n".join(filter(None, found))


def _covered(mail: Mail, signature: Signature) -> bytes:
    form = FIELDS[signature.header_form]
    chosen = choose(mail.without(signature.field), signature.signed)
    return covered([form(field) for field in chosen if field], form(without_signature(signature.field)))


def _notices(case: _Case, key: Record | None) -> Iterator[Finding]:
    """What is to be said even of a signature that verifies."""
    mail, signature, now = case.mail, case.signature, case.now
    if signature.length is not None:
        rest = len(mail.body_as(signature.body_form)) - signature.length
        message = "the signature covers a part of the body only (l=), so that anybody may add to it"
        message += f"; {rest} bytes are not signed" if rest > 0 else ""
        yield _say("partial-body", Severity.WARNING, message, signature, "RFC 6376, 8.2", "sign without l=")
    if signature.signed.count("from") == 1:
        message = "a second From field could be put in without breaking the signature"
        yield _say("from-once", Severity.INFO, message, signature, "RFC 6376, 8.15", "name From twice in h=")
    if signature.signed_at is not None and signature.signed_at > now:
        message = f"the signature says that it was made later than now, at {signature.signed_at:%Y-%m-%d %H:%M:%S} UTC"
        yield _say("future", Severity.WARNING, message, signature, "RFC 6376, 3.5", "set the signer's clock")
    if key and key.is_testing:
        message = "the key says that it is being tested (t=y): count the mail as not signed"
        yield _say("testing", Severity.WARNING, message, signature, "RFC 6376, 3.6.1", "remove t=y from the key")
    if key and key.algorithm == "rsa" and key.bits is not None and _LEAST_BITS <= key.bits < _GOOD_BITS:
        message = f"the key has {key.bits} bits; signers should use {_GOOD_BITS}"
        yield _say("short", Severity.WARNING, message, signature, "RFC 8301, 3.2", "make a key of 2048 bits")


def _result(signature: Signature, hits: list[Hit], *, bits: int | None = None, difference: str = "") -> SignatureResult:
    reasons = tuple(_reason(hit, signature) for hit in hits)
    first = hits[0].result if hits else Result.PASS
    return SignatureResult(result=first, signature=signature, bits=bits, reasons=reasons, difference=difference)


def _reason(hit: Hit, signature: Signature) -> Finding:
    severity = Severity.WARNING if hit.result is Result.TEMPERROR else Severity.ERROR  # what is not known is no error
    evidence = plain(hit.evidence, longest=300)
    return attrs.evolve(_say(hit.code, severity, hit.message, signature, hit.source), evidence=evidence)


def _say(word: str, severity: Severity, message: str, signature: Signature, source: str, mend: str = "") -> Finding:
    """A finding; whatever a mail or a key has put into the message, it can be printed."""
    name = f"{signature.selector or '?'}._domainkey.{signature.domain or '?'}"
    return Finding(
        code=f"dns.dkim-{word}",
        severity=severity,
        message=plain(message, longest=_LONGEST_MESSAGE),
        place=Place(source=f"DKIM signature {name}"),
        mend=mend,
        source=source,
    )


def _is_below(name: str, domain: str) -> bool:
    return name == domain or name.endswith(f".{domain}")
